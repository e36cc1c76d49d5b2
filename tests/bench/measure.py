#!/usr/bin/env -S python3 -B
# What a command costs: measure.py TIMES COMMAND… runs it TIMES times, one after the other, and prints one line of JSON with the
# median of the CPU time of the process and everything it waited for, the median of the wall time, and the highest peak memory of
# any one process. A run that fails ends it.
# measure.py TIMES COMMAND… -- COMMAND… runs two in turns, so that both meet the same machine, and prints a line for each.
import json
import os
import resource
import statistics
import sys
import time


def once(command):
    begin = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - begin
    if status != 0:
        sys.exit("%s ended with status %d" % (" ".join(command), os.waitstatus_to_exitcode(status)))
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss


def main():
    words = sys.argv[2:]
    end = words.index("--") if "--" in words else len(words)
    commands = [c for c in (words[:end], words[end + 1:]) if c]
    rounds = [[once(c) for c in commands] for _ in range(int(sys.argv[1]))]
    for runs in zip(*rounds):
        cpu, wall, rss = zip(*runs)
        print(json.dumps({"cpu_ms": round(1000 * statistics.median(cpu), 2), "wall_ms": round(1000 * statistics.median(wall), 2),
                          "rss_kib": max(rss), "runs": len(runs)}))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
