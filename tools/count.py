#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts meson's test log: prints "passed failed skipped". A log without any test counts as one failure."""
import json
import sys

passed = failed = skipped = 0
with open(sys.argv[1]) as log:
    for line in log:
        result = json.loads(line)["result"]
        if result in ("OK", "EXPECTEDFAIL"):
            passed += 1
        elif result == "SKIP":
            skipped += 1
        else:
            failed += 1
if passed + failed + skipped == 0:
    failed = 1
print(passed, failed, skipped)
