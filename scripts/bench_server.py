"""A vendor that does nothing but accept: OpenAI's wire on loopback, in a process of its own, as fast as Python goes."""

import asyncio
import itertools
import json
import time

IDS = itertools.count(1)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Requests of one connection, until it ends."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            fields = head.decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in fields[1:] if line)
            await reader.readexactly(int(headers.get("content-length", 0)))
            video = {"id": f"video_{next(IDS)}", "object": "video", "status": "queued", "progress": 0}
            body = json.dumps(video | {"model": "sora-2", "created_at": int(time.time())}).encode()
            start = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(start.encode() + body)
            await writer.drain()
            if headers.get("connection") == "close":
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
