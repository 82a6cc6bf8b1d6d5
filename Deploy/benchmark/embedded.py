"""librdkafka's own broker, in this process: quick, and in memory."""

import ctypes

from confluent_kafka import libversion

# Of a partition it keeps the newest so many bytes, and drops the older ones whether they were read or not.
KEPT_BYTES = 5 * 1024 * 1024
_PRODUCER = 0
_OK = 0


class EmbeddedBroker:
    """One of its own for each group: nothing that another has left is in its way.

    An empty answer comes when the consumer's time to wait is over and not when a message comes: whoever
    consumes asks for a short time.
    """

    properties = {"fetch.wait.max.ms": 5}

    def __init__(self):
        self._library = _library()
        self._client = self._library.rd_kafka_new(_PRODUCER, None, None, 0)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        if not self._cluster:
            raise RuntimeError(f"the broker within librdkafka {libversion()[0]} did not start")
        self.address = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def create(self, names, partitions):
        for name in names:
            error = self._library.rd_kafka_mock_topic_create(
                self._cluster, name.encode(), partitions, 1
            )
            if error != _OK:
                raise RuntimeError(f"{name}: expected a topic, got error {error}")

    def check(self, sent):
        """Raises if a partition got more than is kept: then something may be lost."""
        if sent > KEPT_BYTES:
            raise RuntimeError(f"expected at most {KEPT_BYTES:,} bytes a partition, got {sent:,}")

    def stop(self):
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)


def _library():
    # The one that Rollcall uses.
    library = ctypes.CDLL("librdkafka.so.1")
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("rd_kafka_new", pointer, [number, pointer, pointer, ctypes.c_size_t]),
        ("rd_kafka_mock_cluster_new", pointer, [pointer, number]),
        ("rd_kafka_mock_cluster_bootstraps", text, [pointer]),
        ("rd_kafka_mock_topic_create", number, [pointer, text, number, number]),
        ("rd_kafka_mock_cluster_destroy", None, [pointer]),
        ("rd_kafka_destroy", None, [pointer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
