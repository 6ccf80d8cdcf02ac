"""What the stand-ins share: JSON lines out, command lines in."""
import asyncio
import json
import sys

from dbus_next import Variant


def say(event, **fields):
    print(json.dumps({"event": event, **fields}, default=str), flush=True)


def plain(value):
    """A D-Bus value without its variants."""
    if isinstance(value, Variant):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return value


async def commands(answer):
    """Calls `answer(line)` for every line of standard input until that ends; failures are said."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().strip():
        try:
            await answer(line)
        except Exception as error:  # the test reads it
            say("failed", command=line, error=str(error))
