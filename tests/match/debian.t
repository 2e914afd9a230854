# Matching Debian patches: a catalog, a host, what is expected and why.
# Catalog: patch ID OS TYPE SEVERITY, then deb NAME ARCH VERSION [ABOVE] or src NAME VERSION.
# Expect:  PATCH VERDICT [NAME TRUTH INSTALLED FIXED NOTE]; "-" is an empty word.

case M-009 a newer version is offered: missing
patch p-1 debian:12 security important
deb libssl3 amd64 3.0.17-1~deb12u3
host
os debian 12 bookworm
arch amd64
deb libssl3 amd64 3.0.11-1~deb12u2 openssl
expect
p-1 missing libssl3 true 3.0.11-1~deb12u2 3.0.17-1~deb12u3 -

case M-009 only the newest not yet applied patch is missing; the older one is superseded
patch old debian:12 security important
deb libssl3 amd64 3.0.15
patch new debian:12 security important
deb libssl3 amd64 3.0.17
host
os debian 12 bookworm
arch amd64
deb libssl3 amd64 3.0.11 openssl
expect
old superseded libssl3 true 3.0.11 3.0.15 superseded
new missing libssl3 true 3.0.11 3.0.17 -

case a host between two versions has the older patch and misses the newer
patch old debian:12 security important
deb libssl3 amd64 3.0.15
patch new debian:12 security important
deb libssl3 amd64 3.0.17
host
os debian 12 bookworm
arch amd64
deb libssl3 amd64 3.0.16 openssl
expect
old installed libssl3 false 3.0.16 3.0.15 -
new missing

case the very version is installed
patch p-1 debian:12 security important
deb bash amd64 5.2-1
host
os debian 12 bookworm
arch amd64
deb bash amd64 5.2-1
expect
p-1 installed bash false 5.2-1 5.2-1 -

case a rebuild (+b1) is newer than what is offered
patch p-1 debian:12 security important
deb bash amd64 5.2-1
host
os debian 12 bookworm
arch amd64
deb bash amd64 5.2-1+b1 - 5.2-1
expect
p-1 installed

case epochs decide before versions
patch p-1 debian:12 security important
deb bsdutils amd64 1:2.38.1-5+deb12u1
host
os debian 12 bookworm
arch amd64
deb bsdutils amd64 2.39-1 util-linux 2.39-1
expect
p-1 missing

case a package that is not there makes nothing missing
patch p-1 debian:12 security important
deb nginx amd64 1.22
host
os debian 12 bookworm
arch amd64
deb bash amd64 5.2-1
expect
p-1 not_applicable nginx false - 1.22 not_installed

case another release is another system
patch p-1 debian:13 security important
deb bash amd64 5.3
host
os debian 12 bookworm
arch amd64
deb bash amd64 5.2
expect
p-1 not_applicable debian:13 false debian:12 debian:13 -

case testing has no version: its codename names it
patch p-1 debian:forky security important
deb bash amd64 5.3
host
os debian - forky
arch amd64
deb bash amd64 5.2
expect
p-1 missing debian:forky true debian:forky debian:forky -

case rank 12: on hold is a state of its own
patch p-1 debian:12 security important
deb bash amd64 5.3
host
os debian 12 bookworm
arch amd64
deb bash amd64 5.2
hold deb bash amd64
expect
p-1 held bash true 5.2 5.3 held

case one of two outdated packages on hold: still missing
patch p-1 debian:12 security important
deb bash amd64 5.3
deb bash-static amd64 5.3
host
os debian 12 bookworm
arch amd64
deb bash amd64 5.2
deb bash-static amd64 5.2 bash
hold deb bash amd64
expect
p-1 missing bash true 5.2 5.3 held
p-1 missing bash-static true 5.2 5.3 -

case a hold on another architecture holds nothing here
patch p-1 debian:12 security important
deb libc6 amd64 2.37
host
os debian 12 bookworm
arch amd64
foreign-arch i386
deb libc6 amd64 2.36 glibc
hold deb libc6 i386
expect
p-1 missing

case a hold on a package that is up to date changes nothing
patch p-1 debian:12 security important
deb bash amd64 5.3
host
os debian 12 bookworm
arch amd64
deb bash amd64 5.3
hold deb bash amd64
expect
p-1 installed

case foreign architectures match components of their own
patch a-1 debian:12 security important
deb libc6 amd64 2.37
patch i-1 debian:12 security important
deb libc6 i386 2.37
host
os debian 12 bookworm
arch amd64
foreign-arch i386
deb libc6 amd64 2.37 glibc
deb libc6 i386 2.36 glibc
expect
a-1 installed libc6 false 2.37 2.37 -
i-1 missing libc6 true 2.36 2.37 -

case an "all" component reaches every architecture
patch p-1 debian:12 security important
deb tzdata all 2025b
host
os debian 12 bookworm
arch arm64
deb tzdata all 2024a
expect
p-1 missing

case a package that was "all" and is built per architecture now: the native one replaces it
patch a-1 debian:12 security important
deb fonts amd64 2
patch b-1 debian:12 security important
deb fonts arm64 2
host
os debian 12 bookworm
arch amd64
deb fonts all 1
expect
a-1 missing
b-1 not_applicable

case a suite that is not automatic is offered only to what came from there
patch normal debian:12 rollup unrated
deb git amd64 1:2.39
patch bpo debian:12 bugfix unrated
deb git amd64 1:2.45~bpo12 1:2.39
host
os debian 12 bookworm
arch amd64
deb git amd64 1:2.39
expect
normal installed
bpo not_applicable

case ... and then it is
patch normal debian:12 rollup unrated
deb git amd64 1:2.39
patch bpo debian:12 bugfix unrated
deb git amd64 1:2.45~bpo12 1:2.39
host
os debian 12 bookworm
arch amd64
deb git amd64 1:2.43~bpo12
expect
normal installed
bpo missing git true 1:2.43~bpo12 1:2.45~bpo12 -

case advisories by source version; binaries may be numbered otherwise
patch dsa debian:12 security unrated
src util-linux 2.38.1-5+deb12u1
host
os debian 12 bookworm
arch amd64
deb bsdutils amd64 1:2.38.1-5 util-linux 2.38.1-5
expect
dsa missing util-linux true 2.38.1-5 2.38.1-5+deb12u1 -

case a later advisory does not make an earlier one fixed
patch dsa-1 debian:12 security unrated
src openssl 3.0.9
patch dsa-2 debian:12 security unrated
src openssl 3.0.11
host
os debian 12 bookworm
arch amd64
deb libssl3 amd64 3.0.8 openssl
expect
dsa-1 missing openssl true 3.0.8 3.0.9 -
dsa-2 missing openssl true 3.0.8 3.0.11 -

case a source of which nothing is installed
patch dsa debian:12 security unrated
src chromium 120
host
os debian 12 bookworm
arch amd64
deb bash amd64 5.2
expect
dsa not_applicable chromium false - 120 not_installed

case no scan: unknown, never compliant
patch p-1 debian:12 security important
deb bash amd64 5.3
host
expect
p-1 unknown bash unknown - 5.3 -
