# running release | uname -v ("-" = not telling) | packages name=version[/state] ... | needed why newest
# --- Debian
6.1.0-29-amd64 | #1 SMP PREEMPT_DYNAMIC Debian 6.1.123-1 (2025-01-02) | linux-image-6.1.0-29-amd64=6.1.123-1 linux-image-amd64=6.1.123-1 | no none 6.1.0-29-amd64
6.1.0-29-amd64 | #1 SMP PREEMPT_DYNAMIC Debian 6.1.123-1 (2025-01-02) | linux-image-6.1.0-29-amd64=6.1.123-1 linux-image-6.1.0-40-amd64=6.1.153-1 linux-image-amd64=6.1.153-1 | yes kernel 6.1.0-40-amd64
6.1.0-9-amd64 | - | linux-image-6.1.0-9-amd64=6.1.27-1 linux-image-6.1.0-10-amd64=6.1.38-1 | yes kernel 6.1.0-10-amd64
6.1.0-10-amd64 | - | linux-image-6.1.0-9-amd64=6.1.27-1 linux-image-6.1.0-10-amd64=6.1.38-1 | no none 6.1.0-10-amd64
# rebuilt in place, same ABI name
6.1.0-29-amd64 | #1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22) | linux-image-6.1.0-29-amd64=6.1.123-1 | yes kernel 6.1.0-29-amd64
# other flavours do not count
6.1.0-29-cloud-amd64 | - | linux-image-6.1.0-29-cloud-amd64=6.1.123-1 linux-image-6.1.0-40-amd64=6.1.153-1 | no none 6.1.0-29-cloud-amd64
6.1.0-29-amd64 | - | linux-image-6.1.0-29-amd64=6.1.123-1 linux-image-6.1.0-40-cloud-amd64=6.1.153-1 linux-image-6.1.0-40-rt-amd64=6.1.153-1 | no none 6.1.0-29-amd64
6.1.0-29-rt-amd64 | #1 SMP PREEMPT_RT Debian 6.1.123-1 (2025-01-02) | linux-image-6.1.0-29-rt-amd64=6.1.123-1 linux-image-6.1.0-40-rt-amd64=6.1.153-1 | yes kernel 6.1.0-40-rt-amd64
6.1.0-29-arm64 | - | linux-image-6.1.0-29-arm64=6.1.123-1 linux-image-6.1.0-37-arm64-unsigned=6.1.140-1 | yes kernel 6.1.0-37-arm64
# backports, trixie, testing names
6.1.0-0.deb11.21-amd64 | - | linux-image-6.1.0-0.deb11.21-amd64=6.1.90-1~bpo11+1 linux-image-5.10.0-28-amd64=5.10.209-2 | no none 6.1.0-0.deb11.21-amd64
5.10.0-0.bpo.15-amd64 | - | linux-image-5.10.0-0.bpo.15-amd64=5.10.120-1~bpo10+1 linux-image-6.1.0-0.deb11.21-amd64=6.1.90-1~bpo11+1 | yes kernel 6.1.0-0.deb11.21-amd64
6.12.43+deb13-amd64 | #1 SMP PREEMPT_DYNAMIC Debian 6.12.43-1 (2025-08-27) | linux-image-6.12.43+deb13-amd64=6.12.43-1 linux-image-6.12.48+deb13-amd64=6.12.48-1 linux-image-amd64=6.12.48-1 | yes kernel 6.12.48+deb13-amd64
6.12.48+deb13-cloud-amd64 | - | linux-image-6.12.48+deb13-cloud-amd64=6.12.48-1 linux-image-6.12.57+deb13-amd64=6.12.57-1 | no none 6.12.48+deb13-cloud-amd64
6.10.11+bpo-amd64 | - | linux-image-6.10.11+bpo-amd64=6.10.11-1~bpo12+1 linux-image-6.1.0-40-amd64=6.1.153-1 | no none 6.10.11+bpo-amd64
# i386 flavours begin with a digit
6.1.0-29-686-pae | - | linux-image-6.1.0-29-686-pae=6.1.123-1 linux-image-6.1.0-40-686=6.1.153-1 | no none 6.1.0-29-686-pae
6.1.0-29-686 | - | linux-image-6.1.0-29-686=6.1.123-1 linux-image-6.1.0-40-686=6.1.153-1 | yes kernel 6.1.0-40-686
6.1.0-29-4kc-malta | - | linux-image-6.1.0-29-4kc-malta=6.1.123-1 linux-image-6.1.0-30-5kc-malta=6.1.124-1 | no none 6.1.0-29-4kc-malta
# debug symbols, headers, half-installed ones and leftovers do not count
6.1.0-29-amd64 | - | linux-image-6.1.0-29-amd64=6.1.123-1 linux-image-6.1.0-40-amd64-dbg=6.1.153-1 linux-headers-6.1.0-40-amd64=6.1.153-1 | no none 6.1.0-29-amd64
6.1.0-29-amd64 | - | linux-image-6.1.0-29-amd64=6.1.123-1 linux-image-6.1.0-40-amd64=6.1.153-1/half | no none 6.1.0-29-amd64
# only older ones left: no reboot
6.1.0-40-amd64 | - | linux-image-6.1.0-29-amd64=6.1.123-1 | no none 6.1.0-29-amd64
# --- Ubuntu
5.15.0-91-generic | #101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023 | linux-image-5.15.0-91-generic=5.15.0-91.101 linux-image-generic=5.15.0.91.88 | no none 5.15.0-91-generic
5.15.0-91-generic | #101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023 | linux-image-5.15.0-91-generic=5.15.0-91.101 linux-image-5.15.0-105-generic=5.15.0-105.115 | yes kernel 5.15.0-105-generic
5.15.0-91-generic | #101-Ubuntu SMP | linux-image-5.15.0-91-generic=5.15.0-91.103 | yes kernel 5.15.0-91-generic
6.5.0-14-generic | #14~22.04.1-Ubuntu SMP PREEMPT_DYNAMIC | linux-image-6.5.0-14-generic=6.5.0-14.14~22.04.1 | no none 6.5.0-14-generic
5.15.0-91-lowlatency | - | linux-image-5.15.0-91-lowlatency=5.15.0-91.101 linux-image-5.15.0-105-generic=5.15.0-105.115 | no none 5.15.0-91-lowlatency
5.15.0-91-generic | - | linux-image-virtual=5.15.0.105.102 linux-image-5.15.0-91-generic=5.15.0-91.101 | no none 5.15.0-91-generic
5.4.0-1103-aws | - | linux-image-5.4.0-1103-aws=5.4.0-1103.111 linux-image-5.4.0-1110-aws=5.4.0-1110.120 | yes kernel 5.4.0-1110-aws
6.8.0-41-generic | - | linux-image-unsigned-6.8.0-45-generic=6.8.0-45.45 linux-image-6.8.0-41-generic=6.8.0-41.41 | yes kernel 6.8.0-45-generic
# --- Proxmox, Raspberry Pi
6.8.12-4-pve | - | proxmox-kernel-6.8.12-4-pve-signed=6.8.12-4 proxmox-kernel-6.8=6.8.12-4 | no none 6.8.12-4-pve
6.8.12-4-pve | - | proxmox-kernel-6.8.12-4-pve-signed=6.8.12-4 proxmox-kernel-6.8.12-11-pve-signed=6.8.12-11 | yes kernel 6.8.12-11-pve
5.15.143-1-pve | - | pve-kernel-5.15.143-1-pve=5.15.143-1 pve-kernel-5.15=7.4-15 | no none 5.15.143-1-pve
6.6.51+rpt-rpi-v8 | - | linux-image-6.6.51+rpt-rpi-v8=1:6.6.51-1+rpt3 linux-image-6.6.74+rpt-rpi-2712=1:6.6.74-1+rpt1 | no none 6.6.51+rpt-rpi-v8
6.6.51+rpt-rpi-v8 | - | linux-image-6.6.51+rpt-rpi-v8=1:6.6.51-1+rpt3 linux-image-6.6.74+rpt-rpi-v8=1:6.6.74-1+rpt1 | yes kernel 6.6.74+rpt-rpi-v8
# --- containers and own kernels
6.18.44-fc-v657 | - | - | no none -
6.18.44-fc-v657 | - | linux-image-6.1.0-40-amd64=6.1.153-1 | no unknown -
6.9.3 | #5 SMP | linux-image-6.1.0-40-amd64=6.1.153-1 | no unknown -
6.11.0-rc7-amd64 | - | linux-image-6.11.0-rc7-amd64=6.11~rc7-1~exp1 linux-image-6.11.2-amd64=6.11.2-1 | yes kernel 6.11.2-amd64
