"""A WebSocket client (RFC 6455) for tests: text messages only, over a plain or a TLS socket."""
import base64
import hashlib
import json
import os
import socket
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class WebSocket:
    def __init__(self, host, port, path="/ws", tls=None, timeout=30, origin=None):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        self.buffer = b""
        self.close_code = None
        key = base64.b64encode(os.urandom(16))
        headers = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key.decode()}", "Sec-WebSocket-Version: 13"]
        if origin:
            headers.append(f"Origin: {origin}")
        self.socket.sendall(("\r\n".join(headers) + "\r\n\r\n").encode())
        head = self._read_until(b"\r\n\r\n").decode()
        if " 101 " not in head.split("\r\n", 1)[0]:
            raise ConnectionError(head)
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        if f"sec-websocket-accept: {accept}".lower() not in head.lower():
            raise ConnectionError("the handshake's answer is not for our key")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _fill(self):
        more = self.socket.recv(65536)
        if not more:
            raise ConnectionError("the server closed the connection")
        self.buffer += more

    def _read_until(self, mark):
        while mark not in self.buffer:
            self._fill()
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def _read(self, n):
        while len(self.buffer) < n:
            self._fill()
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def _send_frame(self, opcode, payload):
        mask = os.urandom(4)
        length = len(payload)
        head = struct.pack("!B", 0x80 | opcode)
        head += struct.pack("!B", 0x80 | length) if length < 126 else struct.pack("!BH", 0x80 | 126, length)
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def send(self, message):
        self._send_frame(TEXT, json.dumps(message).encode())

    def receive(self):
        """The next message; None when the server closed."""
        text = b""
        while True:
            first, second = self._read(2)
            length = second & 0x7F
            if length == 126:
                length = struct.unpack("!H", self._read(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", self._read(8))[0]
            payload = self._read(length)
            opcode = first & 0x0F
            if opcode == CLOSE:
                self.close_code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else None
                return None
            if opcode == PING:
                self._send_frame(PONG, payload)
            elif opcode != PONG:
                text += payload
                if first & 0x80:
                    return json.loads(text)

    def receive_type(self, *types):
        """The next message of one of the types; others are passed over, an error is raised."""
        while True:
            message = self.receive()
            if message is None:
                raise ConnectionError(f"closed with {self.close_code} while waiting for {types}")
            if message["type"] in types:
                return message
            if message["type"] == "error":
                raise AssertionError(message)
