"""Runs a command of a build apart from what it need not see; see isolate.py."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import isolate  # noqa: E402


def main():
    asked = json.loads(sys.argv[1])
    out, err = os.dup(1), os.dup(2)
    os.set_inheritable(out, True)
    os.set_inheritable(err, True)

    def program(_):
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(asked['cwd'])
        os.execvpe(asked['command'][0], asked['command'], dict(os.environ))

    isolate.run_isolated(dict(asked, log=None, seed=0, keep=[path for path in asked['keep'] if os.path.exists(path)]), program)


main()
