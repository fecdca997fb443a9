import socketserver


class Server:
    def __init__(self, port):
        self.port = port
        self.server = None

    def start(self):
        self.server = socketserver.TCPServer(("localhost", self.port), None)  # CIT102


def start(port=7777):
    server = Server(port)
    server.start()
    return server
