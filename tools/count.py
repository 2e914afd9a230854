#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts meson's test log: prints "passed failed skipped"; with --failed the names of what failed, a line each.
A log without any test counts as one failure."""
import json
import sys

passed, skipped, failed = 0, 0, []
with open(sys.argv[-1]) as log:
    for line in log:
        test = json.loads(line)
        if test["result"] in ("OK", "EXPECTEDFAIL"):
            passed += 1
        elif test["result"] == "SKIP":
            skipped += 1
        else:
            failed.append(f"{test['name']} ({test['result']})")
if passed + len(failed) + skipped == 0:
    failed = ["no test ran"]
if sys.argv[1] == "--failed":
    print("".join(f"{name}\n" for name in failed), end="")
else:
    print(passed, len(failed), skipped)
