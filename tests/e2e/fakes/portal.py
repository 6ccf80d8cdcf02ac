#!/usr/bin/python3
"""A desktop portal whose file dialogs are answered by the test.

Standard input: `answer {"code": 0, "uris": ["file:///…"]}` lays an answer down for the next dialog; code 1 is
Cancel, and so is a dialog without an answer.
"""
import asyncio
import json
from collections import deque

from dbus_next import Message, MessageType, PropertyAccess, Variant
from dbus_next.aio import MessageBus
from dbus_next.service import ServiceInterface, dbus_property, method

from lines import commands, plain, say

ROOT = "/org/freedesktop/portal/desktop"


class FileChooser(ServiceInterface):
    def __init__(self, bus):
        super().__init__("org.freedesktop.portal.FileChooser")
        self.bus, self.caller, self.answers = bus, None, deque()

    @dbus_property(access=PropertyAccess.READ)
    def version(self) -> "u":
        return 3

    @method()
    def OpenFile(self, parent: "s", title: "s", options: "a{sv}") -> "o":
        return self.dialog("open", title, options)

    @method()
    def SaveFile(self, parent: "s", title: "s", options: "a{sv}") -> "o":
        return self.dialog("save", title, options)

    def dialog(self, kind, title, options):
        say(kind, title=title, options=plain(options))
        sender, caller = self.caller[1:].replace(".", "_"), self.caller
        path = f"{ROOT}/request/{sender}/{plain(options)['handle_token']}"
        answer = self.answers.popleft() if self.answers else {"code": 1}
        result = {"uris": Variant("as", answer["uris"])} if "uris" in answer else {}
        # To the caller alone: GTK ignores a broadcast.
        response = Message(message_type=MessageType.SIGNAL, destination=caller, path=path,
                           interface="org.freedesktop.portal.Request", member="Response",
                           signature="ua{sv}", body=[answer["code"], result])
        asyncio.get_running_loop().call_later(0.1, self.bus.send, response)
        return path


async def main():
    bus = await MessageBus().connect()
    chooser = FileChooser(bus)

    def remember(message):
        if message.message_type == MessageType.METHOD_CALL:
            chooser.caller = message.sender

    bus.add_message_handler(remember)
    bus.export(ROOT, chooser)
    await bus.request_name("org.freedesktop.portal.Desktop")
    say("up")

    async def answer(line):
        chooser.answers.append(json.loads(line.removeprefix("answer ")))
        say("laid down")

    await commands(answer)


asyncio.run(main())
