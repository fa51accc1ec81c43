"""Shuts a program of somebody else into what it needs, as far as the system allows, and says how far that is.

Runs before anything of an environment or a model is imported: with `python -I -S`, on the standard library alone, from Python 3.7 on.
Nothing here trusts what comes later; every step that the system refuses is left out, and missing from what `measures` tells.
"""

import ctypes
import os
import resource
import select
import signal
import struct
import sys
import time

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY, SYS_MOUNT_SETATTR = -100, 0x8000, 1, 442
NOBODY = 65534
# users of their own for workers, far from those of people and services
FIRST_USER = 0x60000000
LOOK_SECONDS = 0.2
# the code with which a worker that was ended for what it took is told
EXCESS = 97
OUTPUT_BYTES = 4 * 1024 * 1024
OUTPUT_RATE = 256 * 1024


def libc():
    return ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def die_with_parent():
    """SIGKILL when the parent is gone. A change of user forgets it, so it is asked for after that."""
    if sys.platform == 'linux':
        libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def unshare(flags):
    check(libc().unshare(flags))


def mount(source, target, kind, flags, options=''):
    check(libc().mount(source.encode(), target.encode(), kind.encode(), flags, options.encode()))


def enter_namespaces(network):
    """Namespaces of their own; answers the kinds that were had."""
    user, group = os.getuid(), os.getgid()
    wanted = [('mounts', CLONE_NEWNS), ('processes', CLONE_NEWPID), ('memory', CLONE_NEWIPC)]
    if not network:
        wanted.append(('network', CLONE_NEWNET))
    had = set()
    if user != 0 or not can_unshare(CLONE_NEWNS):
        try:
            unshare(CLONE_NEWUSER)
            for path, text in (('setgroups', 'deny'), ('uid_map', '%d %d 1' % (user, user)), ('gid_map', '%d %d 1' % (group, group))):
                with open('/proc/self/' + path, 'w') as file:
                    file.write(text)
            had.add('user')
        except OSError:
            return had
    for name, flag in wanted:
        try:
            unshare(flag)
            had.add(name)
        except OSError:
            pass
    return had


def can_unshare(flag):
    """Tried in a child, which is gone afterwards."""
    child = os.fork()
    if child == 0:
        try:
            unshare(flag)
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def set_read_only(path, on, flags):
    attributes = struct.pack('QQQQ', MOUNT_ATTR_RDONLY if on else 0, 0 if on else MOUNT_ATTR_RDONLY, 0, 0)
    check(libc().syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), flags, attributes, len(attributes)))


def close_files(hide, keep, write, scratch_bytes):
    """The whole file system read-only, `hide` empty but for `keep`, and a /tmp of its own. Answers what was done of it."""
    done = set()
    mount('none', '/', '', MS_REC | MS_PRIVATE)
    held = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in list(keep) + list(write)]
    try:
        set_read_only('/', True, AT_RECURSIVE)
        done.add('read-only')
    except OSError:
        pass
    for path in hide:
        if os.path.isdir(path) and not os.path.islink(path):
            mount('tmpfs', path, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=0755,size=16m')
    done.add('hidden')
    for path in ('/tmp', '/var/tmp', '/dev/shm'):
        if os.path.isdir(path) and not os.path.islink(path):
            mount('tmpfs', path, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=1777,size=%d' % scratch_bytes)
    for path, file in held:
        place(path, '/proc/self/fd/%d' % file)
        os.close(file)
    if 'read-only' in done:
        for path in write:
            set_read_only(path, False, 0)
    for path in hide:
        if os.path.isdir(path) and not os.path.islink(path):
            try:
                mount('none', path, '', MS_BIND | 32 | MS_RDONLY)
            except OSError:
                pass
    return done


def place(path, source):
    """Puts a file or folder that was held back where it was."""
    if os.path.isdir(source):
        os.makedirs(path, mode=0o755, exist_ok=True)
    elif not os.path.exists(path):
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        open(path, 'w').close()
    mount(source, path, '', MS_BIND)


def own_user(seed, readable):
    """Another user, that of nobody else, where this one is root and that one can read what it needs."""
    user = FIRST_USER + seed % 0x10000
    for candidate in (user, NOBODY):
        child = os.fork()
        if child == 0:
            try:
                become(candidate)
                os._exit(0 if all(os.access(path, os.R_OK) for path in readable) else 1)
            except OSError:
                os._exit(1)
        if os.waitpid(child, 0)[1] == 0:
            become(candidate)
            return True
    return False


def become(user):
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def drop_rights():
    """No capabilities, and none to be had by running another program."""
    library = libc()
    for capability in range(64):
        library.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack('II', 0x20080522, 0)
    library.capset(header, struct.pack('IIIIII', 0, 0, 0, 0, 0, 0))
    library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def limit(kind, soft):
    try:
        _, hard = resource.getrlimit(kind)
        least = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(kind, (least, least))
        return True
    except (OSError, ValueError):
        return False


def limits(asked):
    """Limits of this process, and of all that it starts."""
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, asked['fileBytes'])
    limit(resource.RLIMIT_NOFILE, asked['openFiles'])
    return limit(resource.RLIMIT_DATA, asked['memoryBytes'])


def run_isolated(asked, program):
    """Runs `program(measures)` in a process of its own, watched by this one; never returns.

    `asked`: hide, keep, write (lists of paths), network, memoryBytes, fileBytes, openFiles, processes, scratchBytes, nice, log (path or None),
    own (whether another user is tried), scratch (a folder to use where there is no /tmp of its own).
    """
    die_with_parent()
    os.setsid()
    log = os.open(asked['log'], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if asked.get('log') else None
    measures = {'network': 'host', 'files': [], 'processes': 'host', 'user': 'same', 'limits': []}
    root = os.getuid() == 0
    had = enter_namespaces(asked['network']) if sys.platform == 'linux' else set()
    if 'network' in had:
        measures['network'] = 'none'
    if 'mounts' in had:
        try:
            measures['files'] = sorted(close_files(asked['hide'], asked['keep'], asked.get('write', []), asked['scratchBytes']))
        except OSError as error:
            measures['files'] = []
            measures['filesProblem'] = str(error)
    if 'processes' in had:
        measures['processes'] = 'own'
        forward(os.fork())
        die_with_parent()
        try:
            mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV)
        except OSError:
            measures['processes'] = 'own, others visible'
    elif sys.platform == 'linux':
        libc().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    read, write = os.pipe()
    worker = os.fork()
    if worker != 0:
        os.close(write)
        watch(worker, read, log, asked)
    os.close(read)
    os.setpgid(0, 0)
    for number in (1, 2):
        os.dup2(write, number)
    os.close(write)
    silent = os.open('/dev/null', os.O_RDONLY)
    os.dup2(silent, 0)
    os.close(silent)
    if log is not None:
        os.close(log)
    if root and asked['own'] and 'user' not in had and own_user(os.getppid() if 'processes' not in had else asked['seed'], asked['keep']):
        measures['user'] = 'own'
        # threads count, too; a few processes more than allowed are seen and end the worker
        if limit(resource.RLIMIT_NPROC, asked['processes'] * 8):
            measures['limits'].append('processes')
    if sys.platform == 'linux':
        drop_rights()
        measures['rights'] = 'none'
        die_with_parent()
    if limits(asked):
        measures['limits'].append('memory')
    try:
        os.nice(asked['nice'])
    except OSError:
        pass
    own = 'hidden' in measures['files']
    os.environ['HOME'] = os.environ['TMPDIR'] = '/tmp' if own else asked['scratch']
    os.chdir(os.environ['HOME'])
    program(measures)
    os._exit(0)


def forward(child):
    """The parent of a namespace's first process: only waits for it. Returns in the child."""
    if child == 0:
        return
    close_all()
    _, status = os.waitpid(child, 0)
    leave(status)


def close_all():
    """Whoever only waits holds nothing open, so that the other side sees when the program is gone."""
    os.closerange(0, 256)


def leave(status):
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


class Output(object):
    """What a program prints goes to a file of bounded size at a bounded rate; the rest is counted and dropped, so that nobody waits."""

    def __init__(self, log):
        self.log = log
        self.room = OUTPUT_RATE * 4
        self.at = time.monotonic()
        self.size = os.fstat(log).st_size if log is not None else 0
        self.dropped = 0

    def take(self, data):
        now = time.monotonic()
        self.room = min(OUTPUT_RATE * 4, self.room + (now - self.at) * OUTPUT_RATE)
        self.at = now
        if self.log is None or len(data) > self.room:
            self.dropped += len(data)
            return
        if self.dropped:
            self.write(b'\n[%d bytes left out: more than is kept]\n' % self.dropped)
            self.dropped = 0
        self.room -= len(data)
        self.write(data)

    def write(self, data):
        try:
            if self.size + len(data) > OUTPUT_BYTES:
                os.ftruncate(self.log, 0)
                self.size = 0
            self.size += os.write(self.log, data)
        except OSError:
            pass


def note(log, text):
    if log is not None:
        try:
            os.write(log, ('[%s]\n' % text).encode())
        except OSError:
            pass


def watch(worker, read, log, asked):
    """Waits for the worker, takes what it prints, and ends all that it started when together they take too much; never returns."""
    keep = {read} | ({log} if log is not None else set())
    for number in range(256):
        if number not in keep:
            try:
                os.close(number)
            except OSError:
                pass
    output = Output(log)
    os.set_blocking(read, False)
    poll = select.poll()
    poll.register(read, select.POLLIN)
    looked = 0.0
    verdict = None
    while True:
        for _, event in poll.poll(LOOK_SECONDS * 1000):
            data = b''
            try:
                data = os.read(read, 1 << 16)
            except OSError:
                pass
            if data:
                output.take(data)
            elif event & select.POLLHUP:
                poll.unregister(read)
                poll.register(read, 0)
                time.sleep(0.01)
        status = reap(worker)
        if status is not None:
            drain(read, output)
            if verdict:
                note(log, verdict)
            end_all(worker)
            if verdict:
                os._exit(EXCESS)
            leave(status)
        if time.monotonic() - looked >= LOOK_SECONDS:
            looked = time.monotonic()
            verdict = verdict or excess(worker, asked)
            if verdict:
                end_all(worker)


def drain(read, output):
    try:
        for _ in range(64):
            data = os.read(read, 1 << 16)
            if not data:
                return
            output.take(data)
    except OSError:
        pass


def reap(worker):
    """The worker's status once it has ended; all others are cleared away."""
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == worker:
                return status
            if pid == 0:
                return None
    except ChildProcessError:
        return 0


def excess(worker, asked):
    """What the worker and all that it started take too much of; None where they do not."""
    if sys.platform != 'linux':
        return None
    pages, count = 0, 0
    for pid in family(worker):
        try:
            with open('/proc/%d/statm' % pid) as file:
                pages += int(file.read().split()[1])
            count += 1
        except (OSError, ValueError, IndexError):
            pass
    if pages * resource.getpagesize() > asked['memoryBytes']:
        return 'ended: it takes more memory than the limit of %d MB' % (asked['memoryBytes'] >> 20)
    if count > asked['processes']:
        return 'ended: it runs more than %d processes' % asked['processes']
    return None


def family(worker):
    """The worker and what descends from it; in a namespace of its own, all but this process."""
    if os.getpid() == 1:
        try:
            return [int(name) for name in os.listdir('/proc') if name.isdigit() and name != '1']
        except OSError:
            return [worker]
    found, left = [], [worker]
    while left:
        pid = left.pop()
        found.append(pid)
        try:
            with open('/proc/%d/task/%d/children' % (pid, pid)) as file:
                left.extend(int(child) for child in file.read().split())
        except (OSError, ValueError):
            pass
    return found


def end_all(worker):
    """Ends the worker and all that it started."""
    if os.getpid() == 1:
        try:
            os.kill(-1, signal.SIGKILL)
        except OSError:
            pass
        return
    for pid in family(worker):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    try:
        os.killpg(worker, signal.SIGKILL)
    except OSError:
        pass
