#!/usr/bin/python3
"""A notification daemon that tells what it was asked to show."""
import asyncio

from dbus_next.aio import MessageBus
from dbus_next.service import ServiceInterface, method

from lines import commands, say

NAME = "org.freedesktop.Notifications"


class Notifications(ServiceInterface):
    def __init__(self):
        super().__init__(NAME)
        self.count = 0

    @method()
    def Notify(self, app: "s", replaces: "u", icon: "s", summary: "s", body: "s", actions: "as",
               hints: "a{sv}", timeout: "i") -> "u":
        self.count += 1
        say("notify", id=self.count, title=summary, summary=summary, body=body, actions=actions)
        return self.count

    @method()
    def GetCapabilities(self) -> "as":
        return ["body", "actions", "body-markup"]

    @method()
    def GetServerInformation(self) -> "ssss":
        return ["fake", "tests", "1", "1.2"]

    @method()
    def CloseNotification(self, id: "u"):
        pass


async def main():
    bus = await MessageBus().connect()
    bus.export("/org/freedesktop/Notifications", Notifications())
    await bus.request_name(NAME)
    say("up")
    await commands(lambda line: asyncio.sleep(0))


asyncio.run(main())
