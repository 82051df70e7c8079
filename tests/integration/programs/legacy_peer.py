"""A peer of ProcsLink 0.1 for Python as it is seen from outside: what it sends, what it reads, and what it does not answer.

legacy_peer.py serve [PORT]          serves; writes its port, each datagram that arrives, and each request that is done
legacy_peer.py call PORT CALLS       makes calls; CALLS is JSON: a list of [method, params]; writes what came of each
legacy_peer.py send PORT HEX...      sends datagrams one by one, and writes the answer to each, where one comes soon
"""

import json
import select
import socket
import struct
import sys
import time

# Both headers, big-endian: nlmsghdr, and behind it procslinkhdr.
HEADERS = struct.Struct(">IHHII HHIHHIQ")
NLMSGHDR_SIZE = 16
REQUEST, RESPONSE = 1, 2
# All that is read of a datagram.
LIMIT = 4096
# How long nothing comes that is not to come, in seconds.
SOON = 0.3


class RPCError(Exception):
    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.fields = {"code": code, "message": message}
        if data is not None:
            self.fields["data"] = data


class Methods:
    """What a server offers."""

    def hello(self, name):
        return "Hello, %s!" % name

    def add(self, a, b=0):
        return a + b

    def echo(self, *args, **kwargs):
        return kwargs if kwargs else list(args)

    def boom(self):
        raise ValueError("boom")

    def fail(self, code, message, data=None):
        raise RPCError(code, message, data)

    def big(self, size):
        return "x" * size

    def nan(self):
        return float("nan")

    def unspeakable(self):
        return {1, 2}

    def nothing(self):
        pass

    def alone(self, seconds):
        """Takes its time, and tells whether nothing else has arrived meanwhile."""
        time.sleep(seconds)
        return not peer.is_readable(0)

    def ask(self, port, method, *args):
        """Calls somebody else before it answers."""
        return peer.call(port, method, list(args))


class Peer:
    def __init__(self, port=0):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_USERSOCK)
        self.socket.bind((port, 0))
        self.port = self.socket.getsockname()[0]
        self.last_id = 0

    def send(self, to, payload_type, body):
        text = json.dumps(body).encode("utf-8")
        rest = HEADERS.size - NLMSGHDR_SIZE + len(text)
        headers = HEADERS.pack(rest, 0, 0, 0, self.port, 1, 0, len(text), payload_type, 0, 0, 0)
        self.socket.sendto(headers + text, (to, 0))

    def receive(self):
        """The body of the next datagram, who sent it, and the datagram."""
        data, (sender, _) = self.socket.recvfrom(LIMIT)
        rest, kind, _, _, port, _, _, length, payload_type, _, _, _ = HEADERS.unpack_from(data)
        if rest != len(data) - NLMSGHDR_SIZE or length != len(data) - HEADERS.size:
            raise ValueError("a length does not match")
        return data[HEADERS.size :], sender, port, payload_type, data

    def is_readable(self, seconds):
        return bool(select.select([self.socket], [], [], seconds)[0])

    def serve(self):
        methods = Methods()
        while True:
            try:
                body, sender, port, payload_type, data = self.receive()
            except (ValueError, struct.error) as error:
                print("unreadable %s" % error, flush=True)
                continue
            print("received %d %s" % (sender, data.hex()), flush=True)
            if port != sender or payload_type != REQUEST:
                continue
            try:
                answer = self.answer(methods, body)
                if answer is not None:
                    self.send(sender, RESPONSE, answer)
            except Exception as error:
                # What cannot be read, or written, is never answered.
                print("unanswered %s" % error, flush=True)

    def answer(self, methods, body):
        request = json.loads(body.decode("utf-8"))
        id, is_notification = request.get("id"), "id" not in request
        if id is not None and not isinstance(id, (int, str)):
            raise TypeError("an id that is neither number nor string")
        try:
            method, params = request["method"], request.get("params")
            if method.startswith("_") or not hasattr(methods, method):
                raise RPCError(-32601, "Method not found")
            function = getattr(methods, method)
            if isinstance(params, list):
                result = function(*params)
            elif isinstance(params, dict):
                result = function(**params)
            else:
                result = function()
            print("done %s" % method, flush=True)
            return None if is_notification else {"jsonrpc": "2.0", "id": id, "result": result}
        except Exception as error:
            fields = error.fields if isinstance(error, RPCError) else RPCError(-32603, "Internal error", str(error)).fields
            # Of a notification that has failed it does tell, without an id.
            return {"jsonrpc": "2.0", "id": id, "error": fields}

    def call(self, to, method, params):
        self.last_id += 1
        request = {"jsonrpc": "2.0", "method": method, "id": self.last_id}
        if params:
            request["params"] = params
        self.send(to, REQUEST, request)
        # Whatever comes next is the answer.
        body, sender, _, _, _ = self.receive()
        if sender != to:
            raise ValueError("the answer is from %d" % sender)
        answer = json.loads(body.decode("utf-8"))
        if answer["id"] != self.last_id:
            raise ValueError("the answer has the id %s, and not %d" % (answer["id"], self.last_id))
        if answer.get("error"):
            raise RPCError(*(answer["error"].get(name) for name in ("code", "message", "data")))
        return answer.get("result")

    def attempt(self, to, method, params):
        try:
            return {"result": self.call(to, method, params)}
        except RPCError as error:
            return {"error": error.fields}
        except Exception as error:
            return {"raised": "%s: %s" % (type(error).__name__, error)}


command, arguments = sys.argv[1], sys.argv[2:]
peer = Peer(int(arguments[0]) if command == "serve" and arguments else 0)
print("port %d" % peer.port, flush=True)
if command == "serve":
    peer.serve()
elif command == "call":
    for method, params in json.loads(arguments[1]):
        print(json.dumps(peer.attempt(int(arguments[0]), method, params)), flush=True)
    print("more has come" if peer.is_readable(SOON) else "nothing more", flush=True)
elif command == "send":
    for datagram in arguments[1:]:
        peer.socket.sendto(bytes.fromhex(datagram.replace("PORT", "%08x" % peer.port)), (int(arguments[0]), 0))
        print(peer.socket.recv(1 << 20).hex() if peer.is_readable(SOON) else "none", flush=True)
