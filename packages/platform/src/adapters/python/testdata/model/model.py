"""A model that does to its worker what a request says."""

import ctypes
import os
import socket
import subprocess
import sys
import threading
import time


def fork_for_ever():
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)


def tried(work):
    try:
        return str(work())
    except BaseException as error:
        return type(error).__name__


def leave_behind():
    """A process that outlives this one, unless it is looked after."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    os.wait()


def do(asked):
    what = asked.get('do')
    if what == 'exit':
        os._exit(asked['code'])
    if what == 'leave':
        sys.exit(3)
    if what == 'crash':
        ctypes.string_at(0)
    if what == 'sleep':
        time.sleep(600)
    if what == 'raise':
        raise ValueError('the model says no')
    if what == 'print':
        for _ in range(asked['megabytes']):
            sys.stdout.write('x' * 1000000)
        sys.stdout.flush()
        os.write(2, b'and to the other one')
    if what == 'memory':
        kept = []
        while True:
            kept.append(bytearray(10000000))
    if what == 'memory of children':
        for _ in range(4):
            subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import time; x = b"x" * %d; time.sleep(600)' % asked['bytes']])
        time.sleep(600)
    if what == 'fork':
        fork_for_ever()
    if what == 'leave behind':
        leave_behind()
    if what == 'hang later':
        threading.Timer(0.1, fork_for_ever).start()
    if what == 'noise':
        os.write(3, b'no frame, but noise that the model wrote into the socket')
        time.sleep(600)
    if what == 'reach':
        return {
            'network': tried(lambda: socket.create_connection(('127.0.0.1', asked['port']), 2)),
            'secret': tried(lambda: open(asked['secret']).read()),
            'write': tried(lambda: open(os.path.join(os.path.dirname(__file__), 'mark'), 'w')),
            'own file': tried(lambda: open(os.path.join(os.environ['HOME'], 'mark'), 'w').write('here')),
            'large file': tried(lambda: open(os.path.join(os.environ['HOME'], 'large'), 'wb').truncate(2 ** 32)),
            'environment': sorted(os.environ),
            'user': os.getuid(),
            'kill': tried(lambda: os.kill(asked['pid'], 0)),
        }
    return {'pid': os.getpid(), 'asked': asked}
