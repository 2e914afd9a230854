# Matching rpm and apk patches, and the states that are neither missing nor in order.
# Catalog: patch ID OS TYPE SEVERITY [AVAILABILITY [BULLETIN]], then rpm NAME ARCH EVR [MODULE] ...
# Expect:  PATCH VERDICT [NAME TRUTH INSTALLED FIXED NOTE]; "-" is an empty word.

case M-009 a newer build is offered: missing
patch p-1 almalinux:9 security important - ALSA-2024:1
rpm openssl-libs x86_64 1:3.0.7-28.el9_4
rpm openssl-libs i686 1:3.0.7-28.el9_4
host
os almalinux 9 -
arch x86_64
rpm openssl-libs x86_64 1:3.0.7-27.el9 openssl
expect
p-1 missing openssl-libs true 1:3.0.7-27.el9 1:3.0.7-28.el9_4 -

case an epoch wins over any version
patch p-1 almalinux:9 bugfix unrated
rpm a x86_64 9.9-9
host
os almalinux 9 -
rpm a x86_64 1:0.1-1
expect
p-1 installed

case AC-15 several kernels are installed: the newest answers
patch p-1 almalinux:9 security important - ALSA-1
rpm kernel-core x86_64 5.14.0-400.el9
patch q-1 almalinux:9 security important - ALSA-2
rpm kernel-core x86_64 5.14.0-500.el9
host
os almalinux 9 -
arch x86_64
rpm kernel-core x86_64 5.14.0-300.el9 kernel
rpm kernel-core x86_64 5.14.0-427.el9 kernel
rpm kernel-core x86_64 5.14.0-70.el9 kernel
expect
p-1 installed kernel-core false 5.14.0-427.el9 5.14.0-400.el9 -
q-1 missing kernel-core true 5.14.0-427.el9 5.14.0-500.el9 -

case an older advisory stays missing beside the newer one, as dnf updateinfo names both
patch p-1 almalinux:9 security critical - ALSA-1
rpm a x86_64 2-1
patch q-1 almalinux:9 bugfix unrated - ALBA-2
rpm a x86_64 3-1
host
os almalinux 9 -
rpm a x86_64 1-1
expect
p-1 missing a true 1-1 2-1 -
q-1 missing a true 1-1 3-1 -

case an offer without advisory is replaced by the newer one
patch p-1 almalinux:9 bugfix unrated
rpm a x86_64 2-1
patch q-1 almalinux:9 bugfix unrated
rpm a x86_64 3-1
host
os almalinux 9 -
rpm a x86_64 1-1
expect
p-1 superseded
q-1 missing

case other architectures do not matter; noarch and the native one change into each other
patch p-1 almalinux:9 security low - A-1
rpm a i686 2-1
rpm a aarch64 2-1
patch q-1 almalinux:9 security low - A-2
rpm b noarch 2-1
patch r-1 almalinux:9 security low - A-3
rpm c x86_64 2-1
patch s-1 almalinux:9 security low - A-4
rpm c aarch64 2-1
host
os almalinux 9 -
arch x86_64
rpm a x86_64 1-1
rpm b x86_64 1-1
rpm c noarch 1-1
expect
p-1 not_applicable
q-1 missing
r-1 missing
s-1 not_applicable

case AC-07 what is for all is offered for the native architecture: apt leaves foreign ones alone
patch p-1 debian:12 security important
deb a all 2
patch q-1 debian:12 security important
deb b all 2
patch r-1 debian:12 security important
deb c all 2
host
os debian 12 bookworm
arch amd64
deb a i386 1
deb b amd64 1
deb c all 1
expect
p-1 not_applicable
q-1 missing
r-1 missing

case AC-08 a module's build answers to its own stream only
patch p-1 almalinux:8 security important - A-1
rpm nodejs x86_64 1:18.20-1.module_el8 nodejs:18
patch q-1 almalinux:8 security important - A-2
rpm nodejs x86_64 1:20.11-1.module_el8 nodejs:20
patch r-1 almalinux:8 security important - A-3
rpm nodejs x86_64 1:22.1-1.el8
host
os almalinux 8 -
arch x86_64
rpm nodejs x86_64 1:18.12-1.module_el8 - nodejs:18
expect
p-1 missing nodejs true 1:18.12-1.module_el8 1:18.20-1.module_el8 -
q-1 not_applicable
r-1 not_applicable

case AC-08 no stream is enabled: dnf follows the module's default stream, and no other
patch p-1 almalinux:8 security important - A-1
rpm ruby x86_64 2.5.9-1.module_el8 ruby:2.5 default
patch q-1 almalinux:8 security important - A-2
rpm nginx x86_64 1:1.16-2.module_el8 nginx:1.16
rpm nginx x86_64 1:1.14-2.module_el8 nginx:1.14 default
patch r-1 almalinux:8 security important - A-3
rpm ruby x86_64 2.7.8-1.module_el8 ruby:2.7
patch s-1 almalinux:8 security important - A-4
rpm perl x86_64 4:5.26-2.module_el8 perl:5.26 default
patch t-1 almalinux:8 security important - A-5
rpm git x86_64 2-1.module_el8 git:2 default
host
os almalinux 8 -
arch x86_64
rpm ruby x86_64 2.5.5-1.module_el8 - ruby:2.5
kept rpm ruby x86_64 no-stream
rpm nginx x86_64 1:1.16-1.module_el8 - nginx:1.16
kept rpm nginx x86_64 no-stream
rpm perl x86_64 4:5.26-1.module_el8 - perl:5.26
kept rpm perl x86_64 kept-back
rpm git x86_64 1-1.module_el8 - git:2
kept rpm git x86_64 no-stream
hold rpm git x86_64
expect
p-1 missing ruby true 2.5.5-1.module_el8 2.5.9-1.module_el8 -
q-1 kept_back nginx true 1:1.16-1.module_el8 1:1.16-2.module_el8 kept_back
r-1 not_applicable
s-1 kept_back perl true 4:5.26-1.module_el8 4:5.26-2.module_el8 kept_back
t-1 held

case AC-08 what one feed calls the default stream is so for the advisories of another
patch p-1 almalinux:8 bugfix unrated
rpm ruby x86_64 2.5.8-1.module_el8 ruby:2.5 default
patch q-1 almalinux:8 security important - A-2
rpm ruby - 2.5.9-1.module_el8 ruby:2.5
patch r-1 almalinux:9 security important - A-3
rpm ruby - 2.5.9-1.module_el9 ruby:2.5
host
os almalinux 8 -
os almalinux 9 -
arch x86_64
rpm ruby x86_64 2.5.5-1.module_el8 - ruby:2.5
kept rpm ruby x86_64 no-stream
expect
p-1 superseded
q-1 missing
r-1 kept_back

case AC-08 advisories that name no stream: by what others say of the package, else by its number
patch k-1 almalinux:8 security important - A-1
rpm nodejs x86_64 1:18.12-1.module_el8 nodejs:18
patch k-2 almalinux:8 security important - A-2
rpm nodejs x86_64 1:20.1-1.module_el8 nodejs:20
patch p-1 almalinux:8 security important - A-3
rpm nodejs - 1:20.5-1.module_el8 *
patch q-1 almalinux:8 security important - A-4
rpm nodejs - 1:18.20-1.module_el8 *
patch r-1 almalinux:8 security important - A-5
rpm nodejs - 1:22.1-1.module_el8 *
patch s-1 almalinux:8 security important - A-6
rpm squid - 7:5.1-1.module_el8 *
patch t-1 almalinux:8 security important - A-7
rpm squid - 7:4.15-1.module_el8 *
patch u-1 almalinux:8 security important - A-8
rpm podman - 4.2-1.module_el8 *
host
os almalinux 8 -
arch x86_64
rpm nodejs x86_64 1:18.14-1.module_el8 - nodejs:18
rpm squid x86_64 7:4.11-1.module_el8 - squid:4
rpm podman x86_64 3.0-1.module_el8 - container-tools:rhel8
expect
k-1 installed
k-2 not_applicable
p-1 not_applicable
q-1 missing nodejs true 1:18.14-1.module_el8 1:18.20-1.module_el8 -
r-1 not_applicable
s-1 not_applicable
t-1 missing
u-1 missing

case AC-08 a modular build that does not say its stream answers to those that its number allows
patch p-1 almalinux:8 security important - A-1
rpm nodejs x86_64 1:20.5-1.module_el8 nodejs:20
patch q-1 almalinux:8 security important - A-2
rpm nodejs x86_64 1:18.20-1.module_el8 nodejs:18
patch r-1 almalinux:8 security important - A-3
rpm mod_http2 x86_64 1.15.7-5.module_el8 httpd:2.4
patch s-1 almalinux:8 security important - A-4
rpm nodejs x86_64 1:18.21-1.el8
patch t-1 almalinux:8 security important - A-5
rpm bash x86_64 5-1.module_el8 bash:5
host
os almalinux 8 -
arch x86_64
rpm nodejs x86_64 1:18.14-1.module_el8 - -
rpm mod_http2 x86_64 1.15.7-2.module_el8 - -
rpm bash x86_64 4-1.el8
expect
p-1 not_applicable
q-1 missing
r-1 missing
s-1 not_applicable
t-1 not_applicable

case AC-08 a package of no module does not answer to modular advisories, named or by its build
patch p-1 almalinux:8 security important - A-1
rpm nodejs x86_64 1:18.20-1.module_el8 nodejs:18
patch q-1 almalinux:8 security important - A-2
rpm nodejs x86_64 1:18.20-1.module_el8
patch r-1 almalinux:8 security important - A-3
rpm nodejs x86_64 1:18.20-1.el8
host
os almalinux 8 -
rpm nodejs x86_64 1:16.1-1.el8
expect
p-1 not_applicable
q-1 not_applicable
r-1 missing

case validated and live-patched builds are lineages of their own
patch p-1 ol:8 security important - A-1
rpm openssl x86_64 1:1.1.1k-12.el8_9_fips
patch q-1 ol:8 security important - A-2
rpm glibc x86_64 2:2.28-240.ksplice1.el8
patch r-1 ol:8 security important - A-3
rpm openssl x86_64 1:1.1.1k-12.el8_9
host
os ol 8 -
rpm openssl x86_64 1:1.1.1k-9.el8_6
rpm glibc x86_64 2.28-236.el8
expect
p-1 not_applicable
q-1 not_applicable
r-1 missing

case a version lock holds every architecture when it names none
patch p-1 almalinux:9 security important - A-1
rpm kernel x86_64 2-1
patch q-1 almalinux:9 security important - A-2
rpm b x86_64 2-1
host
os almalinux 9 -
rpm kernel x86_64 1-1
rpm b x86_64 1-1
hold rpm kernel -
hold rpm b i686
expect
p-1 held kernel true 1-1 2-1 held
q-1 missing

case what the manager keeps back, pins, or does not offer yet is not simply missing
patch a-1 ubuntu:24.04 security important
deb a amd64 2
patch b-1 ubuntu:24.04 security important
deb b amd64 2
patch c-1 ubuntu:24.04 security important
deb c amd64 2
patch d-1 ubuntu:24.04 security important
deb d amd64 2
deb a amd64 2
host
os ubuntu 24.04 noble
arch amd64
deb a amd64 1
deb b amd64 1
deb c amd64 1
deb d amd64 1
kept deb a amd64 phased
kept deb b amd64 kept-back
kept deb c amd64 pinned
expect
a-1 phased a true 1 2 phased
b-1 kept_back b true 1 2 kept_back
c-1 held c true 1 2 pinned
d-1 missing d true 1 2 -

case AC-19 a subscriber's patch is missing on subscribers only
patch p-1 ubuntu:18.04 security important esm-infra
deb a amd64 2
host
os ubuntu 18.04 bionic
deb a amd64 1
subscription ubuntu-pro esm-apps
expect
p-1 needs_subscription a true 1 2 needs_subscription

case AC-19 the service is given
patch p-1 ubuntu:18.04 security important esm-infra
deb a amd64 2
host
os ubuntu 18.04 bionic
deb a amd64 1
subscription ubuntu-pro esm-apps esm-infra
expect
p-1 missing a true 1 2 -

case a subscriber's patch that is installed is installed, subscription or not
patch p-1 ubuntu:18.04 security important esm-infra
deb a amd64 2
host
os ubuntu 18.04 bionic
deb a amd64 2
expect
p-1 installed

case Alpine: by package and by origin, in apk order
patch p-1 alpine:3.20 security important
apksrc openssl 3.3.2-r1
patch q-1 alpine:3.20 security important
apk musl x86_64 1.2.5-r1
patch r-1 alpine:3.20 security important
apk musl x86_64 1.2.5_alpha
host
os alpine 3.20 -
apk libssl3 x86_64 3.3.2-r0 openssl
apk musl x86_64 1.2.5-r0
expect
p-1 missing openssl true 3.3.2-r0 3.3.2-r1 -
q-1 missing musl true 1.2.5-r0 1.2.5-r1 -
r-1 installed

case AC-08 dnf offers builds of no stream where no active one holds the name, whatever is installed
patch p-1 almalinux:8 security important - A-1
rpm perl x86_64 4:5.26.3-422.el8
patch q-1 almalinux:8 security important - A-2
rpm perl x86_64 4:5.30.1-2.module_el8 perl:5.30
patch r-1 almalinux:8 security important - A-3
rpm nodejs x86_64 1:18.20-1.module_el8 nodejs:18
patch s-1 almalinux:8 security important - A-4
rpm nodejs x86_64 1:22.1-1.el8
patch t-1 almalinux:8 security important - A-5
rpm ruby x86_64 2.7.8-1.el8
patch u-1 almalinux:8 security important - A-6
rpm ruby x86_64 2.5.9-1.module_el8 ruby:2.5 default
patch v-1 almalinux:8 security important - A-7
rpm git x86_64 3-1.module_el8 git:3
patch w-1 almalinux:8 security important - A-8
rpm git x86_64 2-1.el8
patch x-1 almalinux:8 bugfix unrated
rpm bash x86_64 2-1.el8
host
os almalinux 8 -
arch x86_64
module platform el8
module perl 5.30
module nodejs -
module git -
rpm perl x86_64 4:5.26.3-420.el8
rpm nodejs x86_64 1:16.1-1.module_el8 - nodejs:16
rpm ruby x86_64 2.5.5-1.el8
rpm git x86_64 1-1.module_el8 - git:3
kept rpm git x86_64 kept-back
rpm bash x86_64 1-1.el8
expect
p-1 kept_back perl true 4:5.26.3-420.el8 4:5.26.3-422.el8 kept_back
q-1 missing perl true 4:5.26.3-420.el8 4:5.30.1-2.module_el8 -
r-1 not_applicable
s-1 missing nodejs true 1:16.1-1.module_el8 1:22.1-1.el8 -
t-1 kept_back ruby true 2.5.5-1.el8 2.7.8-1.el8 kept_back
u-1 missing
v-1 kept_back git true 1-1.module_el8 3-1.module_el8 kept_back
w-1 missing
x-1 missing

case AC-08 a repository with module_hotfixes=1 is offered past every stream; a hold holds
patch p-1 almalinux:8 bugfix unrated
rpm pg x86_64 13.9-1.module_el8 pg:13
patch q-1 almalinux:8 bugfix unrated
rpm pg x86_64 13.8-9.el8 - hotfix
patch r-1 almalinux:8 bugfix unrated
rpm pg x86_64 15-1.el8
patch s-1 almalinux:8 bugfix unrated
rpm my x86_64 8-1.module_el8 my:8
patch t-1 almalinux:8 bugfix unrated
rpm my x86_64 9-1.el8 - hotfix
host
os almalinux 8 -
arch x86_64
module platform el8
module pg 13
module my 8
rpm pg x86_64 13.7-1.module_el8 - pg:13
rpm my x86_64 7-1.module_el8 - my:8
hold rpm my x86_64
expect
p-1 missing
q-1 missing
r-1 not_applicable
s-1 held
t-1 held

case AC-08 of a system that does not tell its modules only its packages' streams are known
patch p-1 almalinux:8 bugfix unrated
rpm pg x86_64 13.9-1.module_el8 pg:13
patch q-1 almalinux:8 bugfix unrated
rpm pg x86_64 13.8-9.el8 - hotfix
patch r-1 almalinux:8 bugfix unrated
rpm pg x86_64 15-1.el8
host
os almalinux 8 -
arch x86_64
module pg 13
rpm pg x86_64 13.7-1.module_el8 - pg:13
expect
p-1 missing
q-1 not_applicable
r-1 not_applicable
