"""What ``nc -U -q1 SOCKET`` does, for computers where there is none."""

NC = """#!{python}
import socket, sys
with socket.socket(socket.AF_UNIX) as link:
    link.connect(sys.argv[-1])
    link.sendall(sys.stdin.buffer.read())
    link.settimeout(1)
    try:
        while data := link.recv(65536):
            sys.stdout.buffer.write(data)
    except TimeoutError:
        pass
"""
