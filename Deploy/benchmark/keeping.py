"""A broker that keeps all messages on disk, in a process of its own."""

import os
import signal
import subprocess
import time

from confluent_kafka.admin import AdminClient, NewTopic

from benchmark import processes
from benchmark.place import free_port


class KeepingBroker:
    """It answers at once when there is nothing to fetch, whatever time the consumer would wait: an idle
    consumer and this broker keep a core busy. Only for what the embedded one cannot hold.
    """

    properties = {}

    def __init__(self, place):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self._log = open(place.file(f"broker-{port}.log"), "w+")
        self._process = subprocess.Popen(
            [place.directory / "venv/bin/noida-db", "start", "--only", "kafka"]
            + ["--kafka-port", str(port), "--data-dir", place.file(f"broker-{port}")],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._admin = AdminClient({"bootstrap.servers": self.address, "log_level": 2})
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                self._admin.list_topics(timeout=1)
                return
            except Exception as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._log.seek(0)
                    raise RuntimeError(f"the broker did not start: {self._log.read()}") from error

    def create(self, names, partitions):
        topics = [NewTopic(name, partitions, 1) for name in names]
        for future in self._admin.create_topics(topics).values():
            future.result()

    def check(self, sent):
        """It takes them all."""

    def stop(self):
        # The program on the path only starts another one.
        for child in processes.children(self._process.pid):
            os.kill(child, signal.SIGTERM)
        processes.stop(self._process)
        self._log.close()
