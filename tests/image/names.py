"""A DNS server that knows A records of a few names. UDP, port 53 of an address of 127.0.0.0/8 that nobody has."""

import random
import socket
import struct
import threading

TYPE_A = 1


class Names:
    """records: {name: IPv4 address}. asked: the names that were asked for, in order."""

    def __init__(self, records):
        self.records = records
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(20):
            self.address = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}.53"
            try:
                self.socket.bind((self.address, 53))
                break
            except OSError:
                continue
        else:
            raise RuntimeError("no free address for a DNS server")

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                query, sender = self.socket.recvfrom(2048)
            except OSError:
                return
            self.socket.sendto(self._answer(query), sender)

    def _answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12:at + 5]
        name, kind = ".".join(labels).lower(), struct.unpack(">H", query[at + 1:at + 3])[0]
        self.asked.append(name)
        address = self.records.get(name) if kind == TYPE_A else None
        code = 0 if name in self.records else 3
        head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, 1 if address else 0, 0, 0)
        if not address:
            return head + question
        return head + question + struct.pack(">HHHIH", 0xC00C, TYPE_A, 1, 60, 4) + socket.inet_aton(address)
