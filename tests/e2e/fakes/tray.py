#!/usr/bin/python3
"""A tray: hosts one StatusNotifierItem. Standard input: `menu` tells its labels, `click LABEL` chooses one."""
import asyncio

from dbus_next import Message, MessageType, PropertyAccess, Variant
from dbus_next.aio import MessageBus
from dbus_next.service import ServiceInterface, dbus_property, method, signal

from lines import commands, plain, say

ITEM, MENU = "org.kde.StatusNotifierItem", "com.canonical.dbusmenu"


class Watcher(ServiceInterface):
    def __init__(self):
        super().__init__("org.kde.StatusNotifierWatcher")
        self.sender, self.path = None, "/StatusNotifierItem"

    @method()
    def RegisterStatusNotifierItem(self, service: "s"):
        self.path = service if service.startswith("/") else "/StatusNotifierItem"
        say("registered", item=service)

    @method()
    def RegisterStatusNotifierHost(self, service: "s"):
        pass

    @dbus_property(access=PropertyAccess.READ)
    def RegisteredStatusNotifierItems(self) -> "as":
        return [self.path] if self.sender else []

    @dbus_property(access=PropertyAccess.READ)
    def IsStatusNotifierHostRegistered(self) -> "b":
        return True

    @dbus_property(access=PropertyAccess.READ)
    def ProtocolVersion(self) -> "i":
        return 0

    @signal()
    def StatusNotifierItemRegistered(self, service) -> "s":
        return service


def entries(children):
    for id, props, below in children:
        if props.get("type") != "separator":
            yield {"id": id, "label": props.get("label", ""), "enabled": props.get("enabled", True)}
        yield from entries(below)


class Tray:
    def __init__(self, bus, watcher):
        self.bus, self.watcher = bus, watcher

    async def call(self, path, interface, member, signature="", body=()):
        reply = await self.bus.call(Message(destination=self.watcher.sender, path=path, interface=interface,
                                            member=member, signature=signature, body=list(body)))
        if reply.message_type == MessageType.ERROR:
            raise RuntimeError(f"{reply.error_name} {reply.body}")
        return plain(reply.body)

    async def menu(self):
        """The menu's path and its items, those of menus below it behind their title."""
        (item,) = await self.call(self.watcher.path, "org.freedesktop.DBus.Properties", "GetAll", "s", [ITEM])
        path = item["Menu"]
        await self.call(path, MENU, "AboutToShow", "i", [0])
        _, (_, _, children) = await self.call(path, MENU, "GetLayout", "iias", [0, -1, []])
        return path, item.get("IconName", ""), list(entries(children))

    async def answer(self, line):
        path, icon, items = await self.menu()
        if line == "menu":
            say("menu", icon=icon, entries=items)
            return
        wanted = line.removeprefix("click ")
        item = next(item for item in items if item["label"] == wanted)
        await self.call(path, MENU, "Event", "isvu", [item["id"], "clicked", Variant("s", ""), 0])
        say("clicked", label=wanted)


async def main():
    bus = await MessageBus().connect()
    watcher = Watcher()

    def remember(message):
        # The argument names a path only; the item lives at whoever registers it.
        if message.member == "RegisterStatusNotifierItem":
            watcher.sender = message.sender

    bus.add_message_handler(remember)
    bus.export("/StatusNotifierWatcher", watcher)
    await bus.request_name("org.kde.StatusNotifierWatcher")
    say("up")
    await commands(Tray(bus, watcher).answer)


asyncio.run(main())
