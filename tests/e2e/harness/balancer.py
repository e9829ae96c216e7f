"""A TCP forwarder that does what a Service does: a new connection goes to one of the instances that are
ready, an open one stays where it is, and a connection that an instance refuses is not tried elsewhere. As in
a cluster, where probes, endpoints and rules take their time, an instance that says it is not ready any more
still gets connections for a while."""

import asyncio
import threading
import time

POLL_SECONDS = 0.1
LAG_SECONDS = 2
CHUNK = 65536


class Balancer:
    def __init__(self, port):
        """Listens on 127.0.0.1:port until close()."""
        self.port = port
        self.connections = {}
        self._instances = []
        self._ready = []
        self._next = 0
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait()

    def set_instances(self, instances):
        """instances: objects with .port and .ready(); each counts as ready once it says so."""
        self._instances = list(instances)

    def ready_ports(self):
        return [i.port for i in self._ready]

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, started):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._forward, "127.0.0.1", self.port, backlog=256))
        self._loop.create_task(self._watch())
        started.set()
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _watch(self):
        seen = {}
        while True:
            instances = self._instances
            answers = await asyncio.gather(*(asyncio.to_thread(i.ready) for i in instances))
            now = time.monotonic()
            seen.update((i, now) for i, ready in zip(instances, answers) if ready)
            self._ready = [i for i in instances if now - seen.get(i, -LAG_SECONDS) < LAG_SECONDS]
            await asyncio.sleep(POLL_SECONDS)

    async def _forward(self, reader, writer):
        ready = self._ready
        if not ready:
            writer.transport.abort()
            return
        self._next += 1
        port = ready[self._next % len(ready)].port
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()
            return
        self.connections[port] = self.connections.get(port, 0) + 1
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))


async def _pump(reader, writer):
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()
