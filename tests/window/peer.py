#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random schedules in random zones: the windows that `tsukuroi window` prints against those that Python's own calendar
and zone data give (F24..F28, D-2..D-5). peer.py PROGRAM [WINDOWS] [SEED]; prints how many windows were compared."""
import calendar
import datetime as dt
import functools
import json
import random
import subprocess
import sys
import zoneinfo

PROGRAM, TOTAL = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 20261123
UTC = dt.timezone.utc
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# Half hours, midnight jumps, two hours, a day left out, negative daylight saving, no daylight saving, far east and west.
ODD = ["UTC", "Asia/Tokyo", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tehran", "Asia/Gaza", "Asia/Beirut", "Africa/Cairo",
       "Africa/Casablanca", "Europe/Berlin", "Europe/Dublin", "Europe/London", "Europe/Moscow", "Europe/Istanbul",
       "America/New_York", "America/St_Johns", "America/Santiago", "America/Asuncion", "America/Havana", "America/Nuuk",
       "America/Scoresbysund", "America/Sao_Paulo", "America/Los_Angeles", "America/Phoenix", "America/Caracas",
       "Australia/Lord_Howe", "Australia/Sydney", "Australia/Adelaide", "Australia/Eucla", "Antarctica/Troll",
       "Antarctica/Macquarie", "Atlantic/Azores", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Pago_Pago",
       "Pacific/Chatham", "Pacific/Norfolk", "Pacific/Tongatapu", "Pacific/Easter", "Pacific/Fiji"]


def to_utc(zone, wall):
    """The first instant at which the clock shows `wall` or is past it, and whether it skipped it."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return instant, False
    low, high = instant - dt.timedelta(hours=27), instant + dt.timedelta(hours=1)  # the jump is in between
    low_s, high_s = int(low.timestamp()), int(high.timestamp())
    while high_s - low_s > 1:
        middle = (low_s + high_s) // 2
        if dt.datetime.fromtimestamp(middle, zone).replace(tzinfo=None, fold=0) >= wall:
            high_s = middle
        else:
            low_s = middle
    return dt.datetime.fromtimestamp(high_s, UTC), True


@functools.lru_cache(None)
def second_tuesday(year, month):
    tuesdays = [d for d in calendar.Calendar().itermonthdates(year, month) if d.month == month and d.weekday() == 1]
    return tuesdays[1]


@functools.lru_cache(None)
def weeks_of(basis, day):
    if basis == "calendar":
        last = calendar.monthrange(day.year, day.month)[1]
        return {(day.day - 1) // 7 + 1} | ({"last"} if day.day > last - 7 else set())
    months = [(day.year + (day.month + k - 1) // 12, (day.month + k - 1) % 12 + 1) for k in (-1, 0, 1, 2)]
    tuesdays = [second_tuesday(*m) for m in months]
    anchor = max(t for t in tuesdays if t <= day)
    following = min(t for t in tuesdays if t > day)
    return {(day - anchor).days // 7} | ({"last"} if (following - day).days <= 7 else set())


def clock(day, text):
    hours, minutes = map(int, text.split(":"))
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(hours=hours, minutes=minutes)


def windows_of(schedule, zone, day):
    found = set()
    if any(f["from"] <= day.isoformat() <= f["to"] for f in schedule["freezes"]):
        return found
    midnight = dt.datetime.combine(day, dt.time())
    if to_utc(zone, midnight)[0] == to_utc(zone, midnight + dt.timedelta(days=1))[0]:
        return found
    for w in schedule["windows"]:
        if w["weekdays"] and DAYS[day.weekday()] not in w["weekdays"]:
            continue
        if w["weeks"] and not weeks_of(schedule["basis"], day) & set(w["weeks"]):
            continue
        begin, end = clock(day, w["start"]), clock(day, w["end"])
        if end <= begin:
            end += dt.timedelta(days=1)
        (start, start_skipped), (stop, stop_skipped) = to_utc(zone, begin), to_utc(zone, end)
        if start_skipped and stop_skipped:
            stop = start + (end - begin)
        for f in schedule["freezes"]:
            freeze = to_utc(zone, dt.datetime.fromisoformat(f["from"]))[0]
            if start < freeze < stop:
                stop = freeze
        found.add((start, stop))
    return found


def expected(schedule, zone, start, count):
    found, day = [], start.astimezone(zone).date() - dt.timedelta(days=2)
    while len(found) < count and day.year < 2200:
        found += sorted(w for w in windows_of(schedule, zone, day) if w[0] >= start)
        day += dt.timedelta(days=1)
    return found[:count]


def random_schedule(r):
    basis = r.choice(["calendar", "patch_tuesday"])
    weeks = [1, 2, 3, 4, 5, "last"] if basis == "calendar" else [0, 1, 2, 3, 4, "last"]
    windows = []
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        start = r.choice([r.randrange(1440), r.randrange(0, 240)])  # often where clocks jump
        length = r.choice([60, 61, 90, 180, 240, 720, 1439])
        end = (start + length) % 1440
        windows.append({"weeks": r.sample(weeks, r.choice([0, 0, 1, 2, 3])), "weekdays": r.sample(DAYS, r.choice([0, 1, 1, 2, 5])),
                        "start": f"{start // 60:02}:{start % 60:02}", "end": f"{end // 60:02}:{end % 60:02}"})
    freezes = []
    for _ in range(r.choice([0, 0, 1, 2])):
        begin = dt.date(2000, 1, 1) + dt.timedelta(days=r.randrange(25000))
        freezes.append({"from": begin.isoformat(), "to": (begin + dt.timedelta(days=r.randrange(40))).isoformat()})
    return {"basis": basis, "windows": windows, "freezes": freezes}


def stamp(t):
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


def local(t, zone):
    here = t.astimezone(zone)
    minutes = int(here.utcoffset().total_seconds()) // 60
    return here.strftime("%Y-%m-%dT%H:%M:%S") + f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def main():
    r = random.Random(SEED)
    compared = cases = 0
    while compared < TOTAL:
        schedule, name = random_schedule(r), r.choice(ODD)
        zone = zoneinfo.ZoneInfo(name)
        start = dt.datetime(2001, 1, 1, tzinfo=UTC) + dt.timedelta(seconds=r.randrange(60 * 365 * 86400))
        count = r.randrange(1, 1001)
        want = expected(schedule, zone, start, count)
        ran = subprocess.run([PROGRAM, "window", "--policy", "-", "--zone", name, "--from", stamp(start), "--count", str(count)],
                             input=json.dumps({"schedule": schedule}), capture_output=True, text=True, check=False)
        lines = [f"{stamp(a)}\t{stamp(b)}\t{local(a, zone)}\t{local(b, zone)}" for a, b in want]
        got = ran.stdout.splitlines()
        if ran.returncode or got != lines:
            at = next((i for i, (a, b) in enumerate(zip(got, lines)) if a != b), min(len(got), len(lines)))
            print(f"{name} from {stamp(start)}: {json.dumps(schedule)}\nwindow {at}: got  {got[at:at + 1]}\n"
                  f"          want {lines[at:at + 1]}\n{ran.stderr}")
            return 1
        compared += len(want)
        cases += 1
    print(f"{compared} windows of {cases} schedules agree")
    return 0


sys.exit(main())
