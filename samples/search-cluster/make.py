#!/usr/bin/env python3
"""Write the evidence of the sample story "search-cluster".

    python3 samples/search-cluster/make.py

removes `evidence/` beside this file and writes it again. The result is the same to the byte on every
machine: there is no clock, no locale and no generator of random numbers. Whatever looks random (seconds of
jitter, identifiers, checksums) is `noise(...)`, a SHA-256 of a fixed seed and of the name of the thing.

The story, the planted findings and the expected result of each control are in README.md. Everything here is
invented: people, hosts, addresses, image ids. The *shapes* are those of the real tools: Packer, the
Elasticsearch node statistics, the ServiceNow Table API, sudo, PuppetDB, Puppet 7, AIDE 0.18 and `sshd -T`.

How to read it: first the estate and its tables (people, hosts, images, changes, work), which hold every
decision; then one function per kind of evidence, which only writes those tables down.
"""

import base64
import csv
import hashlib
import io
import json
import shlex
import shutil
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
EVIDENCE = HERE / "evidence"
DOMAIN = "search.example.net"
SERVICENOW = "https://servicenow.example.net/api/now/table"
FIRST_DAY, LAST_DAY = date(2026, 7, 1), date(2026, 9, 30)
MONTHS = ("2026-07", "2026-08", "2026-09")


# ---------------------------------------------------------------- small tools


def noise(*parts, below=None):
    """A repeatable value for the thing named by `parts`: 64 hex digits, or an integer under `below`."""
    digest = hashlib.sha256("\x1f".join(("search-cluster", *map(str, parts))).encode()).hexdigest()
    return digest if below is None else int(digest[:15], 16) % below


def noise_base64(size, *parts):
    """`size` repeatable bytes in base64."""
    return base64.b64encode(hashlib.shake_256(noise(*parts).encode()).digest(size)).decode()


def noise_uuid(*parts):
    """A repeatable version 4 UUID."""
    h = noise("uuid", *parts)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"


def utc(text):
    """`2026-07-01 05:30[:00]`, read as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def days():
    """Every day of the period."""
    return [FIRST_DAY + timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]


def iso(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"


def snow_time(when):
    """ServiceNow's raw time: UTC without a zone, or empty."""
    return when.strftime("%Y-%m-%d %H:%M:%S") if when else ""


def fqdn(host):
    return f"{host}.{DOMAIN}"


def write(path, content):
    """Write text or bytes below `evidence/`."""
    target = EVIDENCE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())


def pretty(value, indent=2):
    return json.dumps(value, indent=indent, ensure_ascii=False) + "\n"


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def csv_text(header, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


# ---------------------------------------------------------------- people

# unix account: (uid, other names of the same person). ServiceNow knows Riku Sato as `riku.sato`.
PEOPLE = {
    "tokafor": (2001, ["t.okafor@search.example.net"]),  # Tobenna Okafor, owner of the search service
    "hlind": (2002, ["h.lind@search.example.net"]),  # Hanna Lind, change manager
    "bweiss": (2003, ["b.weiss@search.example.net"]),  # Bettina Weiss, deputy change manager
    "mkent": (2004, ["m.kent@search.example.net"]),  # Maya Kent, engineer
    "dholm": (2005, ["d.holm@search.example.net"]),  # Daniel Holm, team lead
    "pnair": (2006, ["p.nair@search.example.net"]),  # Priya Nair, engineer
    "rsato": (2007, ["riku.sato", "r.sato@search.example.net"]),  # Riku Sato, database engineer
    "acosta": (2008, ["a.costa@search.example.net"]),  # Ana Costa, engineer
    "ljenkins": (2009, ["l.jenkins@search.example.net"]),  # Leeroy Jenkins, engineer
    "svc-logcheck": (990, []),  # service account of the log-shipping check
}
RUN_AS = {"root": (0, "/root"), "postgres": (115, "/var/lib/postgresql")}  # uid and home


def snow_user(person):
    return "riku.sato" if person == "rsato" else person


# ---------------------------------------------------------------- hosts and images

# host: (declared class, roles in the CMDB, groups, address, roles in Elasticsearch or None)
DATA_ROLES = ["data_content", "data_hot"]
HOSTS = {
    "es-client-1": ("immutable", "coordinating", "es-client", "10.20.1.11", []),
    "es-client-2": ("immutable", "coordinating", "es-client", "10.20.1.12", []),
    "es-ingest-1": ("immutable", "ingest", "es-ingest", "10.20.1.21", ["ingest"]),
    "es-ingest-2": ("immutable", "ingest", "es-ingest", "10.20.1.22", ["ingest"]),
    "es-master-1": ("immutable", "master", "es-master", "10.20.1.31", ["master"]),
    "es-master-2": ("immutable", "master", "es-master", "10.20.1.32", ["master"]),
    "es-master-3": ("immutable", "master", "es-master", "10.20.1.33", ["master"]),
    "es-data-1": ("stateful", "data", "es-data", "10.20.1.41", DATA_ROLES),
    "es-data-2": ("stateful", "data", "es-data", "10.20.1.42", DATA_ROLES),
    "es-data-3": ("stateful", "data", "es-data", "10.20.1.43", DATA_ROLES),
    "es-data-4": ("stateful", "data", "es-data", "10.20.1.44", DATA_ROLES),
    # Planted FLEET-02: it stores data, and the CMDB declares it immutable.
    "es-mixed-1": ("immutable", "data;ingest", "es-data", "10.20.1.51", ["data_content", "ingest"]),
    "pg-main-1": ("stateful", "postgresql", "pg", "10.20.2.11", None),
}
STATEFUL = ["es-data-1", "es-data-2", "es-data-3", "es-data-4", "es-mixed-1", "pg-main-1"]
IMMUTABLE = [host for host in HOSTS if host not in STATEFUL]
UNKNOWN_IMAGE = "ami-0dead0000beef0001"  # planted IMAGE-01: no manifest knows it

# One Packer run each: (run, change, [(image name, built at)]).
RUNS = [
    ("2026-06-09", "CHG0030371", [("es-data", "08:21:07"), ("pg-main", "08:44:52")]),
    ("2026-06-24", "CHG0030388", [("es-client", "09:02:31"), ("es-ingest", "09:19:04"), ("es-master", "09:35:48")]),
    ("2026-07-14", "CHG0030406", [("es-client", "08:41:12"), ("es-ingest", "08:58:40"), ("es-master", "09:14:26")]),
    ("2026-08-14", "CHG0030441", [("es-client", "09:11:35"), ("es-ingest", "09:28:19"), ("es-master", "09:45:03")]),
    ("2026-08-17", "CHG0030447", [("es-ingest", "13:07:55")]),
    ("2026-09-15", "CHG0030496", [("es-client", "08:36:44"), ("es-ingest", "08:53:20"), ("es-master", "09:09:58"), ("es-data", "09:26:31")]),
]
STATEFUL_IMAGES = ("es-data", "pg-main")
SSHD_IMAGE = ("es-ingest", "2026-08-14")  # planted LOGIN-01: sshd is enabled, the manifest says it is not


def ami(name, run):
    return "ami-0" + noise("ami", name, run)[:16]


# host: [(launched at, Packer run of its image)]; a host is replaced and keeps its name.
# Masters 2 and 3 were replaced at the same moment on 2026-08-19: the planted QUORUM-01.
LAUNCHES = {
    "es-client-1": [("2026-06-29 09:14:22", "2026-06-24"), ("2026-07-15 09:20:41", "2026-07-14"), ("2026-08-17 09:31:08", "2026-08-14"), ("2026-09-16 09:12:37", "2026-09-15")],
    "es-client-2": [("2026-06-29 10:02:51", "2026-06-24"), ("2026-07-15 10:15:09", "2026-07-14"), ("2026-08-17 10:22:46", "2026-08-14"), ("2026-08-27 16:22:05", UNKNOWN_IMAGE)],
    "es-ingest-1": [("2026-06-29 12:40:17", "2026-06-24"), ("2026-07-16 09:05:33", "2026-07-14"), ("2026-08-18 09:17:50", "2026-08-17"), ("2026-09-17 09:08:12", "2026-09-15")],
    "es-ingest-2": [("2026-06-29 13:25:44", "2026-06-24"), ("2026-07-16 10:11:20", "2026-07-14"), ("2026-08-17 12:09:38", "2026-08-14")],
    "es-master-1": [("2026-06-30 08:12:09", "2026-06-24"), ("2026-07-14 12:30:15", "2026-07-14"), ("2026-08-17 14:28:33", "2026-08-14"), ("2026-09-15 12:41:02", "2026-09-15")],
    "es-master-2": [("2026-06-30 09:33:27", "2026-06-24"), ("2026-07-15 06:08:54", "2026-07-14"), ("2026-08-19 06:10:21", "2026-08-14"), ("2026-09-17 07:19:45", "2026-09-15")],
    "es-master-3": [("2026-06-30 10:47:58", "2026-06-24"), ("2026-07-16 07:26:11", "2026-07-14"), ("2026-08-19 06:14:02", "2026-08-14"), ("2026-09-16 06:11:30", "2026-09-15")],
    "es-data-1": [("2026-06-15 08:10:00", "2026-06-09")],
    "es-data-2": [("2026-06-16 08:12:00", "2026-06-09")],
    "es-data-3": [("2026-06-17 08:09:00", "2026-06-09")],
    "es-data-4": [("2026-06-18 08:15:00", "2026-06-09")],
    "es-mixed-1": [("2026-06-19 08:11:00", "2026-06-09")],
    "pg-main-1": [("2026-06-22 05:31:00", "2026-06-09")],
}
SNAPSHOTS = ("2026-07-01", "2026-08-01", "2026-09-01", "2026-09-30")
ABSENT_MASTERS = {
    "2026-07-15": ["es-master-2"],
    "2026-08-19": ["es-master-2", "es-master-3"],
    "2026-09-16": ["es-master-3"],
}


def image_name(host):
    group = HOSTS[host][2]
    return "pg-main" if group == "pg" else group


def running(host, when):
    """(launched at, image id) of a host at a moment."""
    launched, run = [x for x in LAUNCHES[host] if utc(x[0]) <= when][-1]
    return utc(launched), run if run == UNKNOWN_IMAGE else ami(image_name(host), run)


# ---------------------------------------------------------------- changes


def working_day(when):
    """The same time on the Friday before, if it is a weekend."""
    return when - timedelta(max(0, when.weekday() - 4))


def change(number, kind, target, title, requested_by, assigned_to, approver, start, end, **more):
    """A change record. Unless said otherwise it was opened about five days and approved one working day before."""
    start, end = utc(start), utc(end)
    morning = start.replace(hour=8, minute=0, second=0)
    record = {
        "number": number, "kind": kind, "target": target, "title": title,
        "requested_by": requested_by, "assigned_to": assigned_to, "approver": approver, "start": start, "end": end,
        "opened": working_day(morning - timedelta(5)) + timedelta(seconds=noise(number, "opened", below=25000)),
        "decided": working_day(morning - timedelta(1)) + timedelta(seconds=noise(number, "decided", below=21000)),
        "decision": "approved", "state": "3", "comment": "",
    }
    record.update({key: utc(value) if key in ("opened", "decided") else value for key, value in more.items()})
    return record


CANCELLED = {"state": "4"}
NEVER_DECIDED = {"state": "4", "decision": None}
REJECTED = {"state": "4", "decision": "rejected"}

CHANGES = {
    "2026-07": [
        # Standing changes: they cover the twice-daily check of the log shipper on every stateful host.
        change("CHG0030001", "standard", "es-data", "Daily log-shipping check by svc-logcheck", "tokafor", "svc-logcheck", "hlind",
               "2026-06-30 00:00", "2026-10-02 00:00", opened="2026-06-22 09:14:03", decided="2026-06-24 10:41:27", state="-1"),
        change("CHG0030002", "standard", "pg", "Daily log-shipping check by svc-logcheck", "tokafor", "svc-logcheck", "hlind",
               "2026-06-30 00:00", "2026-10-02 00:00", opened="2026-06-22 09:16:40", decided="2026-06-24 10:43:05", state="-1"),
        # Image builds of June, on which the hosts of July run.
        change("CHG0030371", "standard", "image-pipeline", "Build es-data and pg-main images", "dholm", "acosta", "hlind", "2026-06-09 07:00", "2026-06-09 12:00"),
        change("CHG0030388", "standard", "image-pipeline", "Monthly build of es-client, es-ingest and es-master images", "dholm", "acosta", "hlind", "2026-06-24 08:00", "2026-06-24 12:00"),
        change("CHG0030401", "normal", "es-data-2", "Elasticsearch security update on es-data-2", "dholm", "pnair", "hlind", "2026-07-02 18:00", "2026-07-02 20:00"),
        change("CHG0030403", "normal", "es-data-4", "Extend the data volume of es-data-4", "mkent", "acosta", "bweiss", "2026-07-07 09:00", "2026-07-07 11:00"),
        change("CHG0030404", "normal", "es-data-2", "Raise the heap of es-data-2 to 24 GB", "tokafor", "mkent", "hlind", "2026-07-08 20:00", "2026-07-08 22:00"),
        change("CHG0030406", "standard", "image-pipeline", "Monthly build of es-client, es-ingest and es-master images", "dholm", "acosta", "hlind", "2026-07-14 07:30", "2026-07-14 12:00"),
        change("CHG0030407", "normal", "es-data", "Rolling restart of the data nodes for the new certificate", "tokafor", "rsato", "hlind", "2026-07-14 18:00", "2026-07-14 22:00"),
        change("CHG0030408", "standard", "es-client", "Replace the client nodes from the July image", "dholm", "acosta", "bweiss", "2026-07-15 08:00", "2026-07-15 16:00"),
        change("CHG0030409", "standard", "pg-main-1", "PostgreSQL minor update on pg-main-1", "tokafor", "pnair", "bweiss", "2026-07-16 06:00", "2026-07-16 07:30"),
        change("CHG0030410", "standard", "es-ingest", "Replace the ingest nodes from the July image", "dholm", "acosta", "bweiss", "2026-07-16 08:00", "2026-07-16 16:00"),
        change("CHG0030411", "standard", "es-master", "Replace the master nodes from the July image, one at a time", "dholm", "acosta", "hlind", "2026-07-14 12:00", "2026-07-17 12:00"),
        change("CHG0030412", "normal", "es-data-1", "Change the circuit-breaker limits of es-data-1", "tokafor", "mkent", "hlind", "2026-07-22 20:00", "2026-07-22 22:00"),
        change("CHG0030413", "normal", "es-data-4", "Move es-data-4 to the larger instance type", "acosta", "pnair", "hlind", "2026-07-21 18:00", "2026-07-21 21:00", **NEVER_DECIDED),
        change("CHG0030415", "normal", "es-data-3", "Replace a failing disk of es-data-3", "dholm", "acosta", "hlind", "2026-07-23 19:00", "2026-07-23 21:00"),
        change("CHG0030416", "normal", "pg-main-1", "Open pg-main-1 to the analytics network", "pnair", "rsato", "hlind", "2026-07-24 08:00", "2026-07-24 09:00",
               comment="Rejected: use the read replica.", **REJECTED),
        change("CHG0030418", "normal", "pg-main-1", "Tune checkpoints and work memory of pg-main-1", "acosta", "pnair", "hlind", "2026-07-29 08:00", "2026-07-29 11:00"),
        change("CHG0030420", "normal", "es-mixed-1", "Update the ingest pipeline plug-in on es-mixed-1", "tokafor", "dholm", "bweiss", "2026-07-28 13:00", "2026-07-28 15:00"),
    ],
    "2026-08": [
        change("CHG0030431", "normal", "pg-main-1", "Rebuild the largest index of pg-main-1", "tokafor", "rsato", "bweiss", "2026-08-07 08:00", "2026-08-07 10:00"),
        change("CHG0030436", "normal", "es-data-1", "Elasticsearch security update on es-data-1", "dholm", "mkent", "hlind", "2026-08-11 18:00", "2026-08-11 20:00"),
        change("CHG0030439", "normal", "es-mixed-1", "Clear the snapshot cache of es-mixed-1", "mkent", "acosta", "hlind", "2026-08-13 12:00", "2026-08-13 14:00"),
        change("CHG0030441", "standard", "image-pipeline", "Monthly build of es-client, es-ingest and es-master images", "dholm", "acosta", "hlind", "2026-08-14 08:30", "2026-08-14 12:00"),
        change("CHG0030443", "standard", "es-client", "Replace the client nodes from the August image", "dholm", "acosta", "bweiss", "2026-08-17 08:00", "2026-08-17 16:00"),
        change("CHG0030444", "normal", "es-data-3", "Change the watermark settings of es-data-3", "dholm", "pnair", "bweiss", "2026-08-18 20:00", "2026-08-18 22:30"),
        change("CHG0030445", "standard", "es-ingest", "Replace the ingest nodes from the August images", "dholm", "acosta", "bweiss", "2026-08-17 08:00", "2026-08-18 16:00"),
        change("CHG0030446", "standard", "es-master", "Replace the master nodes from the August image, one at a time", "dholm", "acosta", "hlind", "2026-08-17 12:00", "2026-08-19 12:00"),
        change("CHG0030447", "standard", "image-pipeline", "Second build of the es-ingest image", "dholm", "acosta", "hlind", "2026-08-17 12:00", "2026-08-17 15:00",
               opened="2026-08-14 13:02:11", decided="2026-08-17 07:48:30"),
        change("CHG0030450", "normal", "es-data-4", "Raise the file-handle limit on es-data-4", "tokafor", "rsato", "hlind", "2026-08-20 16:00", "2026-08-20 18:00"),
        change("CHG0030452", "standard", "pg", "Rotate the server certificate of the databases", "tokafor", "mkent", "hlind", "2026-08-21 06:00", "2026-08-21 07:00"),
        # Planted CHANGE-02: the requester approved it.
        change("CHG0030455", "normal", "es-data-2", "Change the shard allocation settings of es-data-2", "dholm", "pnair", "dholm", "2026-08-25 18:00", "2026-08-25 20:00",
               decided="2026-08-24 15:10:42"),
        change("CHG0030457", "normal", "es-data-2", "Attach a second data volume to es-data-2", "acosta", "mkent", "hlind", "2026-08-28 18:00", "2026-08-28 20:00", **NEVER_DECIDED),
        change("CHG0030460", "normal", "es-data-1", "Kernel update on es-data-1", "pnair", "acosta", "bweiss", "2026-08-26 19:00", "2026-08-26 21:00"),
        change("CHG0030466", "normal", "es-data-3", "Disable the disk watermark on es-data-3", "pnair", "mkent", "hlind", "2026-08-31 09:00", "2026-08-31 10:00",
               comment="Rejected: the watermark protects the node.", **REJECTED),
        # An emergency: approved after the fact, within 48 hours.
        change("CHG0030478", "emergency", "pg-main-1", "Data volume of pg-main-1 is full", "tokafor", "rsato", "hlind", "2026-08-30 03:00", "2026-08-30 05:00",
               opened="2026-08-30 03:04:19", decided="2026-08-30 08:40:00"),
    ],
    "2026-09": [
        change("CHG0030484", "normal", "es-data-2", "Replace the host certificate of es-data-2", "tokafor", "pnair", "hlind", "2026-09-02 18:00", "2026-09-02 20:00"),
        change("CHG0030486", "normal", "es-data-3", "Elasticsearch security update on es-data-3", "acosta", "mkent", "bweiss", "2026-09-03 12:00", "2026-09-03 14:00"),
        change("CHG0030489", "normal", "es-mixed-1", "Change the ingest thread pools of es-mixed-1", "dholm", "rsato", "hlind", "2026-09-09 20:00", "2026-09-09 22:00"),
        change("CHG0030492", "standard", "pg-main-1", "PostgreSQL minor update on pg-main-1", "tokafor", "pnair", "bweiss", "2026-09-10 06:00", "2026-09-10 08:00"),
        change("CHG0030496", "standard", "image-pipeline", "Monthly build of the images", "dholm", "acosta", "hlind", "2026-09-15 08:00", "2026-09-15 12:00"),
        change("CHG0030497", "standard", "es-client", "Replace the client nodes from the September image", "dholm", "acosta", "bweiss", "2026-09-16 08:00", "2026-09-16 16:00"),
        change("CHG0030498", "standard", "es-ingest-1", "Replace es-ingest-1 from the September image", "dholm", "acosta", "bweiss", "2026-09-17 08:00", "2026-09-17 16:00"),
        change("CHG0030499", "normal", "es-data-4", "Elasticsearch security update on es-data-4", "mkent", "dholm", "hlind", "2026-09-17 18:00", "2026-09-17 20:00"),
        change("CHG0030500", "standard", "es-master", "Replace the master nodes from the September image, one at a time", "dholm", "acosta", "hlind", "2026-09-15 12:00", "2026-09-17 12:00"),
        # Approved, then cancelled: es-ingest-2 kept the image of 14 August.
        change("CHG0030501", "standard", "es-ingest-2", "Replace es-ingest-2 from the September image", "dholm", "acosta", "bweiss", "2026-09-18 08:00", "2026-09-18 16:00",
               comment="Cancelled later: traffic too high.", **CANCELLED),
        change("CHG0030503", "normal", "es-data", "Rolling restart of the data nodes for the new truststore", "tokafor", "acosta", "hlind", "2026-09-22 18:00", "2026-09-22 23:00"),
        change("CHG0030505", "normal", "es-data-3", "Give the search team a shell on es-data-3", "ljenkins", "mkent", "hlind", "2026-09-23 09:00", "2026-09-23 10:00",
               comment="Rejected: no standing access.", **REJECTED),
        change("CHG0030508", "normal", "pg-main-1", "Rotate the replication password of pg-main-1", "mkent", "rsato", "hlind", "2026-09-24 08:00", "2026-09-24 10:00"),
        change("CHG0030511", "normal", "es-data-1", "Elasticsearch security update on es-data-1", "dholm", "mkent", "bweiss", "2026-09-29 18:00", "2026-09-29 20:00"),
        change("CHG0030524", "normal", "es-data-2", "Elasticsearch security update on es-data-2", "dholm", "pnair", "hlind", "2026-10-06 18:00", "2026-10-06 20:00",
               opened="2026-09-25 09:31:08", decided="2026-09-29 13:05:56", state="-2"),
    ],
}
ALL_CHANGES = {record["number"]: record for month in MONTHS for record in CHANGES[month]}


def number_in_order():
    """ServiceNow gives numbers as records are opened: let the times follow (the two standing changes aside)."""
    latest = utc("2026-06-01 00:00")
    for number in sorted(ALL_CHANGES)[2:]:
        record = ALL_CHANGES[number]
        record["opened"] = latest = max(record["opened"], latest + timedelta(minutes=7, seconds=noise(number, "later", below=900)))


number_in_order()

# ---------------------------------------------------------------- privileged work

# (change, host, day, name the change in the environment?, [(time, command)]). The person is the assignee.
# `@name command` runs as that account instead of root, `!command` was refused. A time without seconds gets some.
INSTALL = "install -g elasticsearch -m 660"
WORK = [
    ("CHG0030401", "es-data-2", "2026-07-02", True, [("18:06", "systemctl stop elasticsearch"), ("18:09", "apt-get install -y elasticsearch=8.14.2"), ("18:21", "systemctl start elasticsearch"), ("18:33", "journalctl -u elasticsearch -n 200")]),
    ("CHG0030403", "es-data-4", "2026-07-07", False, [("09:12", "lvextend -L +200G /dev/vg0/data"), ("09:15", "xfs_growfs /srv/elasticsearch")]),
    ("CHG0030404", "es-data-2", "2026-07-08", False, [("20:25:31", f"{INSTALL} heap.options /etc/elasticsearch/jvm.options.d/heap.options"), ("20:31", "systemctl restart elasticsearch"), ("20:52", "journalctl -u elasticsearch -n 100")]),
    ("CHG0030407", "es-data-3", "2026-07-14", True, [("18:20", "systemctl restart elasticsearch"), ("18:36", "systemctl status elasticsearch")]),
    ("CHG0030407", "es-mixed-1", "2026-07-14", True, [("19:05", "systemctl restart elasticsearch"), ("19:19", "systemctl status elasticsearch")]),
    ("CHG0030409", "pg-main-1", "2026-07-16", False, [("06:08", "apt-get update"), ("06:11", "apt-get install -y postgresql-15"), ("06:20", "systemctl restart postgresql@15-main"), ("06:24", "@postgres psql -c 'select version()'")]),
    ("CHG0030412", "es-data-1", "2026-07-22", True, [("20:10:12", "systemctl stop elasticsearch"), ("20:16:47", f"{INSTALL} elasticsearch.yml /etc/elasticsearch/elasticsearch.yml"), ("20:19:05", f"{INSTALL} heap.options /etc/elasticsearch/jvm.options.d/heap.options"), ("20:24:33", "systemctl start elasticsearch"), ("21:30:00", "journalctl -u elasticsearch -n 500")]),
    ("CHG0030415", "es-data-3", "2026-07-23", False, [("19:14", "systemctl stop elasticsearch"), ("19:22", "mdadm --manage /dev/md0 --fail /dev/nvme2n1"), ("19:40", "mdadm --manage /dev/md0 --add /dev/nvme3n1"), ("19:58", "systemctl start elasticsearch")]),
    ("CHG0030418", "pg-main-1", "2026-07-29", True, [("08:10:22", "install -o postgres -m 644 postgresql.conf /etc/postgresql/15/main/postgresql.conf"), ("08:14", "systemctl reload postgresql@15-main"), ("08:31", "@postgres psql -c 'show checkpoint_timeout'"), ("09:02", "@postgres psql -c 'show work_mem'")]),
    ("CHG0030420", "es-mixed-1", "2026-07-28", False, [("13:08", "/usr/share/elasticsearch/bin/elasticsearch-plugin install --batch analysis-icu"), ("13:15", "systemctl restart elasticsearch"), ("13:40", "journalctl -u elasticsearch -n 100")]),
    ("CHG0030431", "pg-main-1", "2026-08-07", False, [("08:06", "@postgres reindexdb --concurrently --table=documents search"), ("09:27", "@postgres psql -d search -c 'analyze documents'")]),
    ("CHG0030436", "es-data-1", "2026-08-11", True, [("18:05", "systemctl stop elasticsearch"), ("18:08", "apt-get install -y elasticsearch=8.14.4"), ("18:19", "systemctl start elasticsearch"), ("18:44", "journalctl -u elasticsearch -n 200")]),
    ("CHG0030439", "es-mixed-1", "2026-08-13", False, [("12:15", "systemctl stop elasticsearch"), ("12:18", "rm -rf /srv/elasticsearch/snapshot_cache"), ("12:20", "systemctl start elasticsearch")]),
    ("CHG0030444", "es-data-3", "2026-08-18", True, [("20:35:40", f"{INSTALL} elasticsearch.yml /etc/elasticsearch/elasticsearch.yml"), ("20:38:12", f"{INSTALL} log4j2.properties /etc/elasticsearch/log4j2.properties"), ("20:41", "!visudo -f /etc/sudoers.d/20-search"), ("20:46", "systemctl restart elasticsearch"), ("21:12", "systemctl status elasticsearch")]),
    ("CHG0030450", "es-data-4", "2026-08-20", False, [("16:41", "systemctl daemon-reload"), ("16:43", "systemctl restart elasticsearch"), ("17:02", "prlimit --nofile --pid 2211")]),
    ("CHG0030452", "pg-main-1", "2026-08-21", False, [("06:04", "install -o postgres -g postgres -m 0600 server.key /etc/ssl/private/pg-main.key"), ("06:05", "install -o postgres -g postgres -m 0644 server.crt /etc/ssl/certs/pg-main.crt"), ("06:09", "systemctl reload postgresql@15-main")]),
    ("CHG0030455", "es-data-2", "2026-08-25", False, [("18:11", "curl -s --netrc-file /root/.netrc -X PUT -d @allocation.json https://localhost:9200/_cluster/settings"), ("18:17", "systemctl restart elasticsearch"), ("18:42", "journalctl -u elasticsearch -n 100")]),
    ("CHG0030460", "es-data-1", "2026-08-26", False, [("19:06", "apt-get update"), ("19:09", "apt-get install -y linux-image-cloud-amd64"), ("19:24", "systemctl reboot"), ("19:41", "systemctl status elasticsearch")]),
    ("CHG0030478", "pg-main-1", "2026-08-30", True, [("03:12:08", "systemctl status postgresql@15-main"), ("03:19:26", "lvextend -r -L +40G /dev/vg0/pgdata"), ("03:24:51", "systemctl restart postgresql@15-main"), ("03:40:17", "@postgres psql -c 'select pg_is_in_recovery()'")]),
    ("CHG0030484", "es-data-2", "2026-09-02", False, [("18:09", f"{INSTALL} http.p12 /etc/elasticsearch/certs/http.p12"), ("18:14", "systemctl restart elasticsearch")]),
    ("CHG0030486", "es-data-3", "2026-09-03", True, [("12:07", "systemctl stop elasticsearch"), ("12:10", "apt-get install -y elasticsearch=8.14.5"), ("12:22", "systemctl start elasticsearch"), ("12:50", "journalctl -u elasticsearch -n 200")]),
    ("CHG0030489", "es-mixed-1", "2026-09-09", True, [("20:44:29", f"{INSTALL} elasticsearch.yml /etc/elasticsearch/elasticsearch.yml"), ("20:47", "!passwd root"), ("20:51", "systemctl restart elasticsearch"), ("21:20", "systemctl status elasticsearch")]),
    ("CHG0030492", "pg-main-1", "2026-09-10", False, [("06:10", "apt-get install -y postgresql-15"), ("06:18", "systemctl restart postgresql@15-main"), ("06:25", "@postgres psql -c 'select version()'")]),
    ("CHG0030499", "es-data-4", "2026-09-17", True, [("18:08", "systemctl stop elasticsearch"), ("18:11", "apt-get install -y elasticsearch=8.14.5"), ("18:25", "systemctl start elasticsearch")]),
    ("CHG0030503", "es-data-1", "2026-09-22", True, [("18:12", "systemctl restart elasticsearch"), ("18:30", "systemctl status elasticsearch")]),
    ("CHG0030503", "es-data-2", "2026-09-22", True, [("19:10", "systemctl restart elasticsearch"), ("19:28", "systemctl status elasticsearch")]),
    ("CHG0030503", "es-data-4", "2026-09-22", True, [("20:12", "systemctl restart elasticsearch"), ("20:31", "systemctl status elasticsearch")]),
    ("CHG0030508", "pg-main-1", "2026-09-24", False, [("08:15", "@postgres psql -f rotate-replication.sql"), ("08:19", "systemctl reload postgresql@15-main")]),
    ("CHG0030511", "es-data-1", "2026-09-29", True, [("18:07", "systemctl stop elasticsearch"), ("18:10", "apt-get install -y elasticsearch=8.14.6"), ("18:22", "systemctl start elasticsearch"), ("18:48", "journalctl -u elasticsearch -n 200")]),
]
# Planted SUDO-02. (host, person, change named or None, [(moment, command)])
UNEXPLAINED = [
    # No change at all.
    ("es-data-3", "ljenkins", None, [("2026-08-05 14:22:41", "systemctl restart elasticsearch")]),
    # 41 minutes after the window of CHG0030412 had closed.
    ("es-data-1", "mkent", None, [("2026-07-22 22:41:00", "systemctl stop elasticsearch")]),
    ("es-data-1", "mkent", "CHG0030412", [("2026-07-22 22:44:18", "systemctl start elasticsearch"), ("2026-07-22 22:48:00", "journalctl -u elasticsearch -n 100")]),
]
# Planted SUDO-01: nothing at all was logged on es-data-4 in between.
SILENCE = ("es-data-4", utc("2026-08-11 06:10"), utc("2026-08-12 17:25"))

PATHS = {
    **{name: f"/usr/bin/{name}" for name in ("systemctl", "apt-get", "journalctl", "install", "rm", "prlimit", "passwd", "psql", "reindexdb", "curl")},
    **{name: f"/usr/sbin/{name}" for name in ("lvextend", "xfs_growfs", "mdadm", "visudo")},
}


def sudo_event(host, person, when, text, named=None):
    refused = text.startswith("!")
    text = text.lstrip("!")
    run_as = "root"
    if text.startswith("@"):
        run_as, text = text[1:].split(" ", 1)
    argv = shlex.split(text)
    when += timedelta(microseconds=noise(host, when, text, below=999_999))
    return {"host": host, "person": person, "at": when, "path": PATHS.get(argv[0], argv[0]), "argv": argv,
            "run_as": run_as, "refused": refused, "named": named, "home": "/var/lib/logcheck" if person == "svc-logcheck" else f"/home/{person}"}


def moment(host, day, clock, text):
    """A time with its seconds, or with some that noise gives."""
    return utc(f"{day} {clock}") if clock.count(":") == 2 else utc(f"{day} {clock}") + timedelta(seconds=noise(host, day, clock, text, below=59))


def sudo_events():
    """Every sudo event of the period, per host, in order of time."""
    events = []
    for host in STATEFUL:
        for day in days():
            for clock in ("05:30", "17:30"):
                at = utc(f"{day} {clock}") + timedelta(seconds=noise("check", host, day, clock, below=50))
                events.append(sudo_event(host, "svc-logcheck", at, "systemctl is-active filebeat"))
    for number, host, day, names, commands in WORK:
        for clock, text in commands:
            events.append(sudo_event(host, ALL_CHANGES[number]["assigned_to"], moment(host, day, clock, text), text, number if names else None))
    for host, person, named, commands in UNEXPLAINED:
        events += [sudo_event(host, person, utc(at), text, named) for at, text in commands]
    host, silent_from, silent_to = SILENCE
    events = [e for e in events if e["host"] != host or not silent_from <= e["at"] < silent_to]
    return {h: sorted((e for e in events if e["host"] == h), key=lambda e: e["at"]) for h in STATEFUL}


# ---------------------------------------------------------------- inventory, images, login surface


def write_inventory():
    header = "observed_at,host,class,roles,cluster,environment,groups,image,launched_at,terminated_at".split(",")
    for day in SNAPSHOTS:
        when = utc(f"{day} 05:00")
        rows = []
        for host, (klass, roles, groups, _, _) in HOSTS.items():
            launched, image = running(host, when)
            rows.append([iso(when), fqdn(host), klass, roles, "search", "production", groups, image, iso(launched), ""])
        write(f"inventory/cmdb-{day}.csv", csv_text(header, rows))


def built_images():
    """(name, image id, built at, run, change) of every build, oldest first."""
    return [(name, ami(name, run), utc(f"{run} {clock}"), run, number) for run, number, builds in RUNS for name, clock in builds]


def write_packer_manifest():
    builds = []
    for name, image, built, run, number in built_images():
        builds.append({
            "name": name, "builder_type": "amazon-ebs", "build_time": int(built.timestamp()), "files": None,
            "artifact_id": f"eu-west-1:{image}", "packer_run_uuid": noise_uuid("packer", run),
            "custom_data": {"git_commit": noise("commit", run)[:40], "change_id": number, "ssh_enabled": "true" if name in STATEFUL_IMAGES else "false"},
        })
    write("images/packer-manifest.json", pretty({"builds": builds, "last_run_uuid": builds[-1]["packer_run_uuid"]}))


CLEAN_SURFACE = [
    ("sshd", "disabled", "ssh.service and sshd@.service masked"),
    ("ssh_socket", "absent", "no ssh.socket, no sshd-unix-local.socket"),
    ("getty", "disabled", "getty@.service masked, getty.target wants nothing"),
    ("serial_getty", "disabled", "serial-getty@.service masked"),
    ("account", "disabled", "root locked with /usr/sbin/nologin, no other account has a shell"),
    ("authorized_key", "absent", "no authorized_keys file, no AuthorizedKeysCommand"),
    ("agent", "absent", "amazon-ssm-agent not installed"),
    ("debug_shell", "disabled", "debug-shell.service masked"),
]
OPEN_SSHD = ("sshd", "enabled", "ssh.service enabled, PermitRootLogin prohibit-password")


def login_surface(kind, subject, name, observed, observer, sshd_enabled):
    paths = [OPEN_SSHD if sshd_enabled and row[0] == "sshd" else row for row in CLEAN_SURFACE]
    return pretty({
        "format": "steadfast-login-surface", "format_version": 1,
        "subject": {"kind": kind, "id": subject, "name": name},
        "observed_at": iso(observed), "observed_by": f"{observer}/login-surface 1.4",
        "login_paths": [dict(zip(("login_path", "state", "detail"), row)) for row in paths],
    })


def write_login_surface():
    for name, image, built, run, _ in built_images():
        if name not in STATEFUL_IMAGES:
            observed = built.replace(second=0) + timedelta(minutes=12)
            write(f"login-surface/images/{image}.json", login_surface("image", image, name, observed, "image-pipeline", (name, run) == SSHD_IMAGE))
    for month in MONTHS:
        for host in IMMUTABLE:
            if (host, month) == ("es-master-3", "2026-09"):
                continue  # replaced by an `sshd -T` dump, which alone proves little
            observed = utc(f"{month}-20 07:{noise('probe', host, month, below=50):02}")
            enabled = running(host, observed)[1] == ami(*SSHD_IMAGE)
            write(f"login-surface/hosts/{host}-{month}.json", login_surface("host", fqdn(host), image_name(host), observed, "host-probe", enabled))


SSHD_T = """\
port 22
addressfamily inet
listenaddress {address}:22
usepam yes
logingracetime 30
x11displayoffset 10
maxauthtries 3
maxsessions 4
clientaliveinterval 300
clientalivecountmax 2
requiredrsasize 3072
streamlocalbindmask 0177
unusedconnectiontimeout none
permitrootlogin no
ignorerhosts yes
ignoreuserknownhosts yes
hostbasedauthentication no
hostbasedusesnamefrompacketonly no
pubkeyauthentication {pubkey}
kerberosauthentication no
kerberosorlocalpasswd no
kerberosticketcleanup yes
gssapiauthentication no
gssapicleanupcredentials yes
gssapikeyexchange no
gssapistrictacceptorcheck yes
gssapistorecredentialsonrekey no
gssapikexalgorithms gss-group16-sha512-,gss-nistp256-sha256-
passwordauthentication no
kbdinteractiveauthentication no
printmotd no
printlastlog yes
x11forwarding no
x11uselocalhost yes
permittty {tty}
permituserrc no
strictmodes yes
tcpkeepalive no
permitemptypasswords no
compression no
gatewayports no
usedns no
allowtcpforwarding no
allowagentforwarding no
disableforwarding yes
allowstreamlocalforwarding no
streamlocalbindunlink no
fingerprinthash SHA256
exposeauthinfo no
pidfile /run/sshd.pid
modulifile /etc/ssh/moduli
xauthlocation /usr/bin/xauth
ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com
macs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
banner /etc/issue.net
forcecommand none
chrootdirectory none
trustedusercakeys none
revokedkeys /etc/ssh/revoked_keys
securitykeyprovider internal
authorizedprincipalsfile none
versionaddendum none
authorizedkeyscommand none
authorizedkeyscommanduser none
authorizedprincipalscommand none
authorizedprincipalscommanduser none
hostkeyagent none
kexalgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256
casignaturealgorithms ssh-ed25519,rsa-sha2-512
hostbasedacceptedalgorithms ssh-ed25519,rsa-sha2-512
hostkeyalgorithms ssh-ed25519,rsa-sha2-512
pubkeyacceptedalgorithms ssh-ed25519,sk-ssh-ed25519@openssh.com
loglevel VERBOSE
syslogfacility AUTH
authorizedkeysfile {keys}
hostkey /etc/ssh/ssh_host_ed25519_key
hostkey /etc/ssh/ssh_host_rsa_key
{who}
authenticationmethods publickey
maxstartups 10:30:60
persourcemaxstartups 5
persourcenetblocksize 32:128
permittunnel no
ipqos af21 cs1
rekeylimit 1073741824 3600
permitopen none
permitlisten none
permituserenvironment no
pubkeyauthoptions none
"""


def write_sshd():
    stateful = {"pubkey": "yes", "tty": "yes", "keys": "/etc/ssh/authorized_keys/%u", "who": "allowgroups search-oncall"}
    closed = {"pubkey": "no", "tty": "no", "keys": "none", "who": "denyusers *"}
    for host, settings in (("es-master-3", closed), ("es-data-1", stateful), ("pg-main-1", stateful)):
        write(f"sshd/{host}/20260920T060000Z.txt", SSHD_T.format(address=HOSTS[host][3], **settings))


def write_elasticsearch():
    for day in days():
        when = utc(f"{day} 06:00")
        nodes = {}
        for host, (_, _, _, address, roles) in HOSTS.items():
            if roles is None or host in ABSENT_MASTERS.get(str(day), []):
                continue
            launched, _ = running(host, when)
            node_id = noise_base64(16, "node", host, launched)[:22].replace("+", "-").replace("/", "_")
            nodes[node_id] = {
                "timestamp": int(when.timestamp()) * 1000 + noise("stats", host, day, below=400), "name": host,
                "transport_address": f"{address}:9300", "host": address, "ip": f"{address}:9300", "roles": roles, "attributes": {},
            }
        answer = {"_nodes": {"total": len(nodes), "successful": len(nodes), "failed": 0}, "cluster_name": "search", "nodes": dict(sorted(nodes.items()))}
        write(f"elasticsearch/nodes-stats-{day}.json", compact(answer) + "\n")


# ---------------------------------------------------------------- changes


def sys_id(*parts):
    return noise("sys_id", *parts)[:32]


def reference(table, name):
    return {"link": f"{SERVICENOW}/{table}/{sys_id(table, name)}", "value": sys_id(table, name)}


def worked(record):
    """(first, last) command under a change, or its window for work that leaves no command."""
    times = [moment(host, day, clock, text) for number, host, day, _, commands in WORK if number == record["number"] for clock, text in commands]
    if times:
        return min(times), max(times) + timedelta(minutes=3, seconds=20)
    return record["start"] + timedelta(minutes=4), record["end"] - timedelta(minutes=9)


def change_record(record):
    closed = record["state"] == "3"
    work_start, work_end = worked(record) if closed else (None, None)
    if record["state"] == "-1":
        work_start = record["start"]
    closed_at = None
    if closed:
        next_day = record["end"].replace(hour=8, minute=0, second=0) + timedelta(1)
        closed_at = next_day + timedelta(days=(0, 0, 0, 0, 0, 2, 1)[next_day.weekday()], seconds=noise(record["number"], "closed", below=20000))
    elif record["state"] == "4":
        closed_at = (record["decided"] if record["decision"] == "rejected" else record["start"] - timedelta(hours=2)) + timedelta(minutes=6)
    last = closed_at or (work_start if record["state"] == "-1" else record["decided"])
    approval = {None: "not requested", "approved": "approved", "rejected": "rejected"}[record["decision"]]
    return {
        "sys_id": sys_id("change", record["number"]), "number": record["number"], "sys_class_name": "change_request",
        "type": record["kind"], "state": record["state"], "approval": approval, "short_description": record["title"],
        "requested_by": reference("sys_user", record["requested_by"]), "requested_by.user_name": snow_user(record["requested_by"]),
        "opened_by": reference("sys_user", record["requested_by"]), "opened_by.user_name": snow_user(record["requested_by"]),
        "assigned_to": reference("sys_user", record["assigned_to"]), "assigned_to.user_name": snow_user(record["assigned_to"]),
        "cmdb_ci": reference("cmdb_ci", record["target"]), "cmdb_ci.name": record["target"],
        "assignment_group": reference("sys_user_group", "Search Platform"),
        "opened_at": snow_time(record["opened"]), "start_date": snow_time(record["start"]), "end_date": snow_time(record["end"]),
        "work_start": snow_time(work_start), "work_end": snow_time(work_end), "closed_at": snow_time(closed_at),
        "close_code": "successful" if closed else "", "sys_created_on": snow_time(record["opened"]), "sys_updated_on": snow_time(last),
        "category": "Other" if record["target"] == "image-pipeline" else "Software",
        "risk": {"standard": "4", "normal": "3", "emergency": "2"}[record["kind"]], "active": "false" if closed_at else "true",
    }


def write_changes():
    for month in MONTHS:
        write(f"changes/change_request-{month}.json", pretty({"result": [change_record(r) for r in CHANGES[month]]}))
    rows = []
    for record in ALL_CHANGES.values():
        if record["decision"]:
            rows.append({
                "sys_id": sys_id("approval", record["number"]),
                "sysapproval": {"link": f"{SERVICENOW}/task/{sys_id('change', record['number'])}", "value": sys_id("change", record["number"])},
                "sysapproval.number": record["number"],
                "approver": reference("sys_user", record["approver"]), "approver.user_name": snow_user(record["approver"]),
                "state": record["decision"], "sys_updated_on": snow_time(record["decided"]),
                "sys_created_on": snow_time(record["opened"] + timedelta(minutes=1)), "comments": record["comment"],
            })
    write("changes/approvals-2026-Q3.json", pretty({"result": rows}))


# ---------------------------------------------------------------- sudo


def sudo_time(when):
    return {"seconds": int(when.timestamp()), "nanoseconds": when.microsecond * 1000 + 417,
            "iso8601": when.strftime("%Y%m%d%H%M%SZ"), "localtime": f"{when:%b} {when.day:2} {when:%H:%M:%S %Y}"}


def sudo_uuid(event):
    h = noise("sudo", event["host"], event["at"], event["argv"])
    return f"{h[:10]}-{h[10:14]}-{h[14:18]}-{h[18:22]}-{h[22:32]}"


def sudo_json(event, newer):
    """One accept or reject as sudo writes it; `newer` is 1.9.16 (with source and submitenv), else 1.9.13."""
    person, command = event["person"], " ".join([event["path"], *event["argv"][1:]])
    service = person == "svc-logcheck"
    body = {"uuid": sudo_uuid(event)}
    if event["refused"]:
        body["reason"] = "command not allowed"
    body["server_time"] = sudo_time(event["at"])
    body["submit_time"] = sudo_time(event["at"] - timedelta(milliseconds=2))
    body |= {"submituser": person, "command": event["path"], "runuser": event["run_as"], "runcwd": event["home"]}
    if newer and not event["refused"]:
        body["source"] = "/etc/sudoers.d/10-logcheck:2:14" if service else "/etc/sudoers.d/20-search:5:20"
    if not service:
        body["ttyname"] = "/dev/pts/0"
    body |= {"submithost": fqdn(event["host"]), "submitcwd": event["home"], "runuid": RUN_AS[event["run_as"]][0],
             "columns": 80, "lines": 24, "runargv": event["argv"]}
    body["runenv"] = [f"SUDO_COMMAND={command}", f"SUDO_USER={person}"]
    body["runenv"].append(f"CHANGE={event['named']}" if event["named"] else f"HOME={RUN_AS[event['run_as']][1]}")
    if newer:
        body["submitenv"] = ["LANG=C.UTF-8", f"HOME={event['home']}"]
    return ("reject" if event["refused"] else "accept"), body


def sudo_exit(event):
    took = 4_100_000 + noise("took", event["host"], event["at"], below=60_000_000)
    ended = event["at"] + timedelta(microseconds=took // 1000 + 300)
    return "exit", {"uuid": sudo_uuid(event), "server_time": sudo_time(ended), "exit_time": sudo_time(ended - timedelta(microseconds=90)),
                    "run_time": {"seconds": 0, "nanoseconds": took}, "exit_value": 0}


def repeated_keys(members):
    """sudo's pretty file: one object in which the same keys come again and again."""
    return "{\n" + ",\n".join(f'    "{key}": ' + json.dumps(body, indent=4).replace("\n", "\n    ") for key, body in members) + "\n}\n"


def auth_line(host, when, tag, text):
    """(moment, line) as rsyslog of Debian 12 writes it; the microseconds are noise, the order of lines is kept."""
    when += timedelta(microseconds=noise("auth", host, when, below=900))
    return when, f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond:06}+00:00 {host} {tag}: {text}"


def pid(*parts):
    return 1000 + noise("pid", *parts, below=60000)


def sudo_text(event, log_host):
    """The lines of one sudo call in auth.log."""
    host, at, person = event["host"], event["at"], event["person"]
    uid = PEOPLE[person][0]
    fields = ["command not allowed"] if event["refused"] else []
    fields += [f"HOST={fqdn(host)}"] if log_host else []
    fields += [] if person == "svc-logcheck" else ["TTY=pts/0"]
    fields += [f"PWD={event['home']}", f"USER={event['run_as']}"]
    fields += [f"ENV=CHANGE={event['named']}"] if event["named"] else []
    fields += ["COMMAND=" + " ".join([event["path"], *event["argv"][1:]])]
    lines = [auth_line(host, at, "sudo", f"{person:>8} : " + " ; ".join(fields))]
    if not event["refused"]:
        by = f"(uid={uid})" if person == "svc-logcheck" else f"{person}(uid={uid})"
        lines.append(auth_line(host, at + timedelta(milliseconds=1), "sudo", f"pam_unix(sudo:session): session opened for user {event['run_as']}(uid={RUN_AS[event['run_as']][0]}) by {by}"))
        lines.append(auth_line(host, at + timedelta(milliseconds=45), "sudo", f"pam_unix(sudo:session): session closed for user {event['run_as']}"))
    return lines


def around(events):
    """What auth.log shows around the sudo calls: CRON for the service account, sshd for people."""
    lines, visits = [], {}
    for e in events:
        host, at = e["host"], e["at"]
        if e["person"] == "svc-logcheck":
            tag = f"CRON[{pid(host, at)}]"
            lines.append(auth_line(host, at - timedelta(milliseconds=140), tag, "pam_unix(cron:session): session opened for user svc-logcheck(uid=990) by (uid=0)"))
            lines.append(auth_line(host, at + timedelta(milliseconds=90), tag, "pam_unix(cron:session): session closed for user svc-logcheck"))
        else:
            visits.setdefault((e["person"], at.date()), []).append(at)
    for (person, day), times in visits.items():
        host, uid = events[0]["host"], PEOPLE[person][0]
        login, logout = min(times) - timedelta(seconds=43), max(times) + timedelta(seconds=95)
        tag, port = f"sshd[{pid(host, person, day)}]", 40000 + noise("port", host, person, day, below=20000)
        source = f"10.20.9.{20 + uid % 100}"
        key = noise_base64(32, "key", person).rstrip("=")
        lines += [
            auth_line(host, login, tag, f"Accepted publickey for {person} from {source} port {port} ssh2: ED25519 SHA256:{key}"),
            auth_line(host, login + timedelta(milliseconds=9), tag, f"pam_unix(sshd:session): session opened for user {person}(uid={uid}) by (uid=0)"),
            auth_line(host, logout, tag, f"Received disconnect from {source} port {port}:11: disconnected by user"),
            auth_line(host, logout + timedelta(milliseconds=1), tag, f"Disconnected from user {person} {source} port {port}"),
            auth_line(host, logout + timedelta(milliseconds=6), tag, f"pam_unix(sshd:session): session closed for user {person}"),
        ]
    return lines


def daily_cron(host, month):
    """The daily job of root, which has no sudo in it."""
    lines = []
    for day in days():
        at = utc(f"{day} 06:25:01") + timedelta(microseconds=noise("cron", host, day, below=90_000))
        if f"{day:%Y-%m}" == month and not (host == SILENCE[0] and SILENCE[1] <= at < SILENCE[2]):
            tag = f"CRON[{pid(host, at)}]"
            lines.append(auth_line(host, at, tag, "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"))
            lines.append(auth_line(host, at + timedelta(seconds=7, microseconds=noise("cron end", host, day, below=900_000)), tag, "pam_unix(cron:session): session closed for user root"))
    return lines


def write_sudo():
    for host, events in sudo_events().items():
        for month in MONTHS:
            part = [e for e in events if f"{e['at']:%Y-%m}" == month]
            if host == "es-data-2":
                members = [m for e in part for m in ([sudo_json(e, False)] + ([] if e["refused"] else [sudo_exit(e)]))]
                write(f"sudo/{host}/sudo-{month}.json", repeated_keys(members))
            elif host in ("es-data-3", "es-data-4"):
                lines = [line for e in part for line in sudo_text(e, host == "es-data-4")] + around(part) + daily_cron(host, month)
                write(f"sudo/{host}/auth-{month}.log", "".join(text + "\n" for _, text in sorted(lines)))
            else:
                text = "".join(compact({kind: body}) + "\n" for kind, body in (sudo_json(e, True) for e in part))
                if (host, month) == ("es-mixed-1", "2026-09"):
                    text = text[: text.rindex('"submithost"') + 31]  # planted: the copy was cut in the middle of its last line
                write(f"sudo/{host}/sudo-{month}.jsonl", text)


# ---------------------------------------------------------------- Puppet

SPLAY = {"es-data-1": 11, "es-data-2": 18, "es-data-3": 27, "es-data-4": 34, "es-mixed-1": 41, "pg-main-1": 52}  # minutes
PUPPET_SILENCE = ("es-data-2", utc("2026-09-08 02:00"), utc("2026-09-09 20:00"))  # planted CONFIG-01
# (host, run that began in this hour): (resource type, title, property, old, new, corrective?)
PUPPET_CHANGED = {
    ("es-data-2", "2026-07-08 20"): ("File", "/etc/elasticsearch/jvm.options.d/gc.options", "content", "{sha256}" + noise("gc", 1), "{sha256}" + noise("gc", 2), False),
    ("es-data-1", "2026-07-22 20"): ("File", "/etc/filebeat/modules.d/elasticsearch.yml", "content", "{sha256}" + noise("fb", 1), "{sha256}" + noise("fb", 2), False),
    ("pg-main-1", "2026-07-29 08"): ("File", "/etc/postgresql/15/main/pg_ident.conf", "mode", "0644", "0640", True),
    ("es-data-3", "2026-08-18 20"): ("File", "/etc/elasticsearch/jvm.options.d/gc.options", "content", "{sha256}" + noise("gc", 1), "{sha256}" + noise("gc", 2), False),
    ("es-data-4", "2026-08-20 16"): ("File", "/etc/systemd/system/elasticsearch.service.d/limits.conf", "content", "{sha256}" + noise("lim", 1), "{sha256}" + noise("lim", 2), False),
    ("es-mixed-1", "2026-09-09 20"): ("File", "/etc/elasticsearch/jvm.options.d/gc.options", "content", "{sha256}" + noise("gc", 1), "{sha256}" + noise("gc", 2), False),
}


def puppet_runs():
    """(start, host) of every agent run; the interval of this estate is four hours."""
    runs = []
    for day in days():
        for hour in range(0, 24, 4):
            for host in STATEFUL:
                start = utc(f"{day} {hour:02}:{SPLAY[host]:02}") + timedelta(milliseconds=noise("run", host, day, hour, below=150_000))
                if host != PUPPET_SILENCE[0] or not PUPPET_SILENCE[1] <= start < PUPPET_SILENCE[2]:
                    runs.append((start, host))
    return sorted(runs)


def puppet_times(start, host):
    """Configuration version and end of a run."""
    return str(int(start.timestamp()) - 3), start + timedelta(milliseconds=8_000 + noise("puppet", host, start, below=14_000))


def puppet_report(start, host):
    version, end = puppet_times(start, host)
    digest = noise("report", host, start)[:40]
    done = PUPPET_CHANGED.get((host, f"{start:%Y-%m-%d %H}"))
    events, corrective = [], False
    if done:
        kind, title, prop, old, new, corrective = done
        events.append({
            "status": "success", "timestamp": iso_ms(start + timedelta(seconds=5)), "resource_type": kind, "resource_title": title, "property": prop,
            "name": f"{prop}_changed", "old_value": old, "new_value": new, "message": f"{prop} changed '{old}' to '{new}'",
            "corrective_change": corrective, "file": "/etc/puppetlabs/code/environments/production/modules/search/manifests/node.pp", "line": 40 + len(title),
            "containment_path": ["Stage[main]", "Search::Node", f"{kind}[{title}]"], "containing_class": "Search::Node",
        })
    return {
        "certname": fqdn(host), "hash": digest, "puppet_version": "7.23.0", "report_format": 12, "configuration_version": version,
        "start_time": iso_ms(start), "end_time": iso_ms(end), "producer_timestamp": iso_ms(end + timedelta(milliseconds=310)),
        "receive_time": iso_ms(end + timedelta(milliseconds=655)), "transaction_uuid": noise_uuid("transaction", host, start),
        "status": "changed" if done else "unchanged", "noop": False, "noop_pending": False, "environment": "production",
        "cached_catalog_status": "not_used", "corrective_change": corrective, "type": "agent",
        "resource_events": {"href": f"/pdb/query/v4/reports/{digest}/events", "data": events},
    }


def puppet_yaml(start, host):
    """Puppet 7's last_run_report.yaml of an unchanged run."""
    version, _ = puppet_times(start, host)

    def stamp(ms):
        when = start + timedelta(milliseconds=ms)
        return f"'{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond:06}{noise('ns', ms, below=1000):03}+00:00'"

    resources = [
        ("File", "/etc/elasticsearch/jvm.options.d/gc.options", "posix", 22),
        ("File", "/etc/motd", "posix", 31),
        ("File", "/etc/sudoers.d/20-search", "posix", 38),
        ("Service", "elasticsearch", "systemd", 47),
        ("Service", "filebeat", "systemd", 52),
        ("User", "svc-logcheck", "useradd", 58),
    ]
    out = [
        "--- !ruby/object:Puppet::Transaction::Report", f"host: {fqdn(host)}", f"time: {stamp(0)}", f"configuration_version: {version}",
        f"transaction_uuid: {noise_uuid('transaction', host, start)}", "report_format: 12", "puppet_version: 7.23.0", "status: unchanged",
        "transaction_completed: true", "noop: false", "noop_pending: false", "environment: production", "logs:",
        "- level: notice", "  message: Applied catalog in 4.87 seconds", f'  source: "//{fqdn(host)}/Puppet"', "  tags:", "  - notice",
        f"  time: {stamp(6120)}", "  file:", "  line:", "metrics:",
    ]
    counts = [("total", "Total", len(resources)), ("skipped", "Skipped", 0), ("failed", "Failed", 0), ("failed_to_restart", "Failed to restart", 0),
              ("restarted", "Restarted", 0), ("changed", "Changed", 0), ("out_of_sync", "Out of sync", 0), ("scheduled", "Scheduled", 0), ("corrective_change", "Corrective change", 0)]
    timings = [("file", "File", "0.041207"), ("service", "Service", "0.183311"), ("user", "User", "0.000914"), ("config_retrieval", "Config retrieval", "1.206615"),
               ("catalog_application", "Catalog application", "4.865120"), ("total", "Total", "4.870034")]
    zero = [("total", "Total", 0)]
    events = [("total", "Total", 0), ("failure", "Failure", 0), ("success", "Success", 0)]
    for name, label, values in (("resources", "Resources", counts), ("time", "Time", timings), ("changes", "Changes", zero), ("events", "Events", events)):
        out += [f"  {name}:", f"    name: {name}", f"    label: {label}", "    values:"]
        for key, title, value in values:
            out += [f"    - - {key}", f"      - {title}", f"      - {value}"]
    out.append("resource_statuses:")
    for n, (kind, title, provider, line) in enumerate(resources):
        shown = f'"{title}"' if title.startswith("/") else title
        out += [
            f"  {kind}[{title}]:", f"    title: {shown}", '    file: "/etc/puppetlabs/code/environments/production/modules/search/manifests/node.pp"', f"    line: {line}",
            f"    resource: {kind}[{title}]", f"    resource_type: {kind}", f"    provider_used: {provider}", "    containment_path:", "    - Stage[main]",
            "    - Search::Node", f"    - {kind}[{title}]", f"    evaluation_time: 0.00{noise('eval', title, below=9000) + 1000}", "    tags:", f"    - {kind.lower()}", "    - class",
            f"    time: {stamp(1500 + 700 * n)}", "    failed: false", "    failed_to_restart: false", "    changed: false", "    out_of_sync: false", "    skipped: false",
            "    change_count: 0", "    out_of_sync_count: 0", "    events: []", "    corrective_change: false",
        ]
    out += ["corrective_change: false", f"catalog_uuid: {noise_uuid('catalog', host, start)}", "cached_catalog_status: not_used"]
    return "\n".join(out) + "\n"


def write_puppet():
    runs = puppet_runs()
    for month in MONTHS:
        reports = [compact(puppet_report(start, host)) for start, host in runs if f"{start:%Y-%m}" == month]
        write(f"puppet/puppetdb-reports-{month}.json", "[\n" + ",\n".join(reports) + "\n]\n")
    write("puppet/es-data-1/last_run_report.yaml", puppet_yaml(max(start for start, host in runs if host == "es-data-1"), "es-data-1"))


# ---------------------------------------------------------------- AIDE

RULE = "-" * 51
YML, HEAP = "/etc/elasticsearch/elasticsearch.yml", "/etc/elasticsearch/jvm.options.d/heap.options"
# AIDE watches the configuration of Elasticsearch and PostgreSQL, accounts, sudoers and the login notice. Packages,
# certificates and the files that Puppet holds are left to dpkg and Puppet.
# (host, Sunday): ([added], [(changed file, changed at)])
AIDE_FOUND = {
    ("es-data-2", "2026-07-12"): ([], [(HEAP, "2026-07-08 20:25:31")]),  # CHG0030404
    ("es-data-1", "2026-07-26"): ([], [(YML, "2026-07-22 20:16:47"), (HEAP, "2026-07-22 20:19:05")]),  # CHG0030412
    ("pg-main-1", "2026-08-02"): ([], [("/etc/postgresql/15/main/postgresql.conf", "2026-07-29 08:10:22")]),  # CHG0030418
    ("es-data-3", "2026-08-23"): ([], [(YML, "2026-08-18 20:35:40"), ("/etc/elasticsearch/log4j2.properties", "2026-08-18 20:38:12")]),  # CHG0030444
    ("es-data-4", "2026-09-06"): ([], [("/etc/motd", "2026-09-04 11:32:50")]),  # no change; acknowledged
    ("es-mixed-1", "2026-09-13"): ([], [(YML, "2026-09-09 20:44:29")]),  # CHG0030489
    ("pg-main-1", "2026-09-20"): (["/etc/sudoers.d/zz-temp"], []),  # planted ALARM-02: no change, nobody acknowledged it
}


def aide_start(host, day):
    """02:00 and some seconds; the first scan of each host began at 02:00:04."""
    return utc(f"{day} 02:00:04") + timedelta(seconds=0 if str(day) == "2026-07-05" else noise("aide", host, day, below=20))


def aide_stamp(when):
    return f"{when:%Y-%m-%d %H:%M:%S} +0000"


def aide_hashes(host, generation):
    sizes = [("MD5", 16), ("SHA1", 20), ("SHA256", 32), ("SHA512", 64), ("RMD160", 20), ("TIGER", 24), ("CRC32", 4), ("HAVAL", 32), ("WHIRLPOOL", 64), ("GOST", 32)]
    lines = []
    for name, size in sizes:
        value = noise_base64(size, "aide", host, generation, name)
        parts = [value[i : i + 32] for i in range(0, len(value), 32)]
        lines += [f" {name:<9} : {parts[0]}"] + [" " * 13 + part for part in parts[1:]]
    return lines


def aide_detail(host, path, changed):
    old_time = utc("2026-06-16 09:00:00") + timedelta(seconds=noise("old", host, path, below=40000))
    new_time = utc(changed)
    size = 1200 + noise("size", host, path, below=3000)
    old, new = noise_base64(32, "old", host, path), noise_base64(32, "new", host, path)
    return [
        f"File: {path}", f" Size      : {size:<32} | {size + 37}", f" Mtime     : {aide_stamp(old_time):<32} | {aide_stamp(new_time)}",
        f" Ctime     : {aide_stamp(old_time):<32} | {aide_stamp(new_time)}", f" SHA256    : {old[:32]} | {new[:32]}", f" {'':<12}{old[32:]:<32} | {new[32:]}", "",
    ]


def aide_report(host, day):
    start = aide_start(host, day)
    took = 31 + noise("aide took", host, day, below=24)
    entries = 38000 + noise("entries", host, below=9000)
    added, changed = AIDE_FOUND.get((host, str(day)), ([], []))
    # The database is accepted anew after each explained difference, so its checksums move.
    generation = sum(1 for (h, d), (_, c) in AIDE_FOUND.items() if h == host and c and d < str(day))
    out = [f"Start timestamp: {aide_stamp(start)} (AIDE 0.18.3)"]
    if added or changed:
        out += ["AIDE found differences between database and filesystem!!", "", "Summary:", f"  Total number of entries:\t{entries + len(added)}",
                f"  Added entries:\t\t{len(added)}", "  Removed entries:\t\t0", f"  Changed entries:\t\t{len(changed)}", ""]
    else:
        out += ["AIDE found NO differences between database and filesystem. Looks okay!!", "", f"Number of entries:\t{entries}", ""]
    if added:
        out += [RULE, "Added entries:", RULE, "", *(f"f{'+' * 17}: {path}" for path in added), ""]
    if changed:
        out += [RULE, "Changed entries:", RULE, "", *(f"f > ... mc..H..   : {path}" for path, _ in changed), ""]
        out += [RULE, "Detailed information about changes:", RULE, "", *(line for path, at in changed for line in aide_detail(host, path, at)), ""]
    out += [RULE, "The attributes of the (uncompressed) database(s):", RULE, "", "/var/lib/aide/aide.db", *aide_hashes(host, generation), "", ""]
    out.append(f"End timestamp: {aide_stamp(start + timedelta(seconds=took))} (run time: 0m {took}s)")
    return "\n".join(out) + "\n"


def write_aide():
    for host in STATEFUL:
        for day in days():
            if day.weekday() == 6:
                write(f"aide/{host}/{day:%Y%m%d}T021500Z.txt", aide_report(host, day))  # collected a quarter of an hour later
    header = "host,tool,target,alarmed_at,acknowledged_by,acknowledged_at,change_id,note".split(",")
    row = [fqdn("es-data-4"), "aide", "/etc/motd", iso(aide_start("es-data-4", date(2026, 9, 6))), "hlind", "2026-09-07T08:15:22Z", "",
           "Legal notice reworded by the package base-files of the distribution; checked against the package."]
    write("alarms/acknowledgements.csv", csv_text(header, [row]))


# ---------------------------------------------------------------- people, registers, a stray file


def write_people():
    write("people/people.csv", csv_text(["person", "alias"], [[person, alias] for person, (_, aliases) in PEOPLE.items() for alias in aliases]))


WAIVERS = """\
# Exceptions that were accepted, by whom and until when. An accepted exception is still reported as one.

[[waiver]]
control_id = "CONFIG-01"
resource = "es-data-2"
reason = "The Puppet agent stood still from 8 to 9 September while the certificate authority was moved. The first run afterwards found nothing to change."
ticket = "RISK-0118"
approver = "hlind"
approved_at = "2026-09-11T09:20:00Z"
expires_at = "2026-12-31T00:00:00Z"

# es-data-9 was planned and never built: this waiver matches nothing and is reported as a limit.
[[waiver]]
control_id = "SUDO-02"
resource = "es-data-9"
reason = "Commissioning of es-data-9 before change records cover it."
ticket = "RISK-0121"
approver = "hlind"
approved_at = "2026-07-03T13:05:00Z"
expires_at = "2026-12-31T00:00:00Z"
"""
RESPONSES = """\
# Management's answers to exceptions of the third quarter. They stand beside the exceptions and change nothing of them.

[[response]]
control_id = "SUDO-02"
resource = "es-data-3"
occurred_at = "2026-08-05T14:22:41Z"
text = '''
The node had left the cluster, and the on-call engineer restarted it **without an emergency change**. That is not how it should be done.

- The rule was gone through with the engineer on 2026-08-07.
- A restart of one node becomes a standard change.
'''
by = "Tobenna Okafor"
at = "2026-10-05T09:30:00Z"
due = "2026-11-30T00:00:00Z"
"""
ATTESTATIONS = """\
# What no log of the estate can show, in the words that steadfast.toml asks for. The first is attested each quarter. The second
# expired in August and was attested anew a week later: a gap.

[[attestation]]
id = "datacentre-access"
statement = "Only persons on the access list have entered the machine rooms that hold the cluster."
attested_by = "Bettina Weiss"
attested_at = "2026-06-29T09:00:00Z"
frequency = "quarterly"
evidence = "Access list of 2026-06-26, reviewed with building security"

[[attestation]]
id = "datacentre-access"
statement = "Only persons on the access list have entered the machine rooms that hold the cluster."
attested_by = "Bettina Weiss"
attested_at = "2026-09-28T09:00:00Z"
frequency = "quarterly"
evidence = "Access list of 2026-09-25, reviewed with building security"

[[attestation]]
id = "root-credentials"
statement = "The sealed root credentials of the cloud account were not opened."
attested_by = "Hanna Lind"
attested_at = "2026-05-20T10:00:00Z"
valid_for = "90d"
control_ids = ["LOGIN-03"]

[[attestation]]
id = "root-credentials"
statement = "The sealed root credentials of the cloud account were not opened."
attested_by = "Hanna Lind"
attested_at = "2026-08-25T10:00:00Z"
valid_for = "90d"
control_ids = ["LOGIN-03"]
"""
EXEMPTION_REASONS = {
    **{f"es-data-{n}": "Elasticsearch data node: it stores shards and cannot be replaced from an image at will." for n in range(1, 5)},
    "pg-main-1": "PostgreSQL primary: it stores the only writable copy of the catalogue database.",
}


def write_registers():
    write("registers/waivers.toml", WAIVERS)
    write("registers/responses.toml", RESPONSES)
    write("registers/attestations.toml", ATTESTATIONS)
    text = "# Hosts that are stateful by decision, and so exempt from replacement. es-mixed-1 has no entry.\n"
    for n, (host, reason) in enumerate(EXEMPTION_REASONS.items()):
        text += (f'\n[[exemption]]\nresource = "{host}"\nreason = "{reason}"\napprover = "hlind"\n'
                 f'approved_at = "2026-06-12T09:{10 + n}:00Z"\nexpires_at = "2027-06-30T00:00:00Z"\nticket = "RISK-{101 + n:04}"\n')
    write("registers/exemptions.toml", text)


def write_stray_file():
    """A file that no format recognises: it has to appear in the report, not vanish."""
    write("misc/oncall-handover.bin", b"\x00\x9dOCH\x02\x00\xff" + hashlib.shake_256(noise("handover").encode()).digest(1016))


def main():
    if EVIDENCE.exists():
        shutil.rmtree(EVIDENCE)
    for step in (write_inventory, write_packer_manifest, write_login_surface, write_sshd, write_elasticsearch, write_changes, write_sudo,
                 write_puppet, write_aide, write_people, write_registers, write_stray_file):
        step()
    files = [path for path in EVIDENCE.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files)} bytes in evidence/")


if __name__ == "__main__":
    main()
