/* SPDX-License-Identifier: Apache-2.0
 * The three sandboxes. SANDBOX_COMPUTE is a short list of what is allowed; the other two need the C
 * library's resolver or the dynamic linker, whose needs differ from system to system, so for them
 * what is dangerous is forbidden and Landlock keeps the files. A forbidden call fails with EPERM:
 * the library reports it like any other failure. */
#include "ipc/sandbox_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* the sanitizer's shadow needs terabytes of address space */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* --- limits -------------------------------------------------------------------------------------
 */

static bool limit(int what, int64_t value, struct err *e)
{
	/* CPU time: the first limit says why (SIGXCPU), the second one ends what ignores it */
	struct rlimit r = { (rlim_t)value, (rlim_t)value + (what == RLIMIT_CPU ? 5 : 0) };
	return setrlimit((__rlimit_resource_t)what, &r) == 0 ||
	       err_sys(e, errno, "cannot set a limit");
}

static bool set_limits(const struct sandbox *s, struct err *e)
{
	if (!limit(RLIMIT_CORE, 0, e))
		return false;
	if (s->memory && !SANITIZED && !limit(RLIMIT_AS, s->memory, e))
		return false;
	return !s->cpu_s || limit(RLIMIT_CPU, s->cpu_s, e);
}

/* --- files --------------------------------------------------------------------------------------
 */

/* What the resolver and TLS read; nothing of this program's own. */
static const char *const network_files[] = { "/etc/resolv.conf",
					     "/etc/hosts",
					     "/etc/host.conf",
					     "/etc/nsswitch.conf",
					     "/etc/gai.conf",
					     "/etc/services",
					     "/etc/protocols",
					     "/etc/ssl",
					     "/etc/pki",
					     "/etc/ca-certificates",
					     "/etc/gnutls",
					     "/etc/crypto-policies",
					     "/etc/ld.so.cache",
					     "/etc/localtime",
					     "/usr/share/ca-certificates",
					     "/usr/share/zoneinfo",
					     "/usr/local/share/ca-certificates",
					     "/usr/lib",
					     "/usr/lib64",
					     "/lib",
					     "/lib64",
					     NULL };
static const char *const run_files[] = { "/usr/bin", "/usr/lib", "/usr/lib64", "/usr/share/locale",
					 "/bin",     "/lib",	 "/lib64",     "/etc/ld.so.cache",
					 NULL };

static bool allow_all(int ruleset, const char *const *list, bool run, struct err *e)
{
	for (; list && *list; list++)
		if (!landlock_allow_read(ruleset, *list, run, e))
			return false;
	return true;
}

static bool confine_files(const struct sandbox *s, struct err *e)
{
	AUTO(fd_close) int ruleset = -1;
	bool run = s->kind == SANDBOX_RUN;
	if (!landlock_begin(&ruleset, e))
		return false;
	if (s->kind != SANDBOX_COMPUTE &&
	    (!allow_all(ruleset, run ? run_files : network_files, run, e) ||
	     !allow_all(ruleset, s->read, false, e) ||
	     !landlock_allow_device(ruleset, "/dev/null", e) ||
	     !landlock_allow_read(ruleset, "/dev/urandom", false, e)))
		return false;
	return landlock_enforce(ruleset, e);
}

/* --- system calls -------------------------------------------------------------------------------
 */

static const int compute_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(readv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(set_tid_address),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getrusage),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(sysinfo),
};
/* Whatever else the kernel offers, neither a resolver nor gpgv needs these. */
static const int forbidden_calls[] = {
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_send_signal),
	SCMP_SYS(kcmp),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(personality),
	SCMP_SYS(mknod),
	SCMP_SYS(mknodat),
	SCMP_SYS(link),
	SCMP_SYS(linkat),
	SCMP_SYS(symlink),
	SCMP_SYS(symlinkat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(rmdir),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(truncate),
	SCMP_SYS(creat),
	SCMP_SYS(chmod),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat),
	SCMP_SYS(chown),
	SCMP_SYS(fchown),
	SCMP_SYS(lchown),
	SCMP_SYS(fchownat),
	SCMP_SYS(setxattr),
	SCMP_SYS(lsetxattr),
	SCMP_SYS(utimensat),
	SCMP_SYS(openat2),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
};

static bool add(scmp_filter_ctx c, uint32_t action, int call)
{
	int r = seccomp_rule_add(c, action, call, 0);
	return r == 0 || r == -EDOM || r == -EOPNOTSUPP; /* not a call of this machine */
}

/* New memory must not be code; threads are allowed, processes are not. */
static bool compute_rules(scmp_filter_ctx c)
{
	bool ok = true;
	for (size_t i = 0; ok && i < ARRAY_LEN(compute_calls); i++)
		ok = add(c, SCMP_ACT_ALLOW, compute_calls[i]);
	return ok &&
	       seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	       seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	       /* the C library's fstat() */
	       seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
				SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH)) == 0 &&
	       /* its flags lie in memory, where a filter cannot look: the library falls back to
		  clone */
	       add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3)) &&
	       seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
	       seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) == 0;
}

static bool refuse_socket(scmp_filter_ctx c, int family)
{
	return seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family)) == 0;
}

/* Opening for writing, creating. `flags` is the argument's number. */
static bool refuse_writing(scmp_filter_ctx c, int call, unsigned flags)
{
	static const int bits[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC };
	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), call, 1,
				     SCMP_CMP64(flags, SCMP_CMP_MASKED_EQ, (scmp_datum_t)bits[i],
						(scmp_datum_t)bits[i])) != 0)
			return false;
	return true;
}

static bool network_rules(scmp_filter_ctx c)
{
	/* Local sockets lead to the database and to the system's services. */
	return refuse_socket(c, AF_UNIX) && refuse_socket(c, AF_PACKET) &&
	       refuse_socket(c, AF_VSOCK) && refuse_socket(c, AF_ALG) &&
	       add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execve)) &&
	       add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execveat)) &&
	       refuse_writing(c, SCMP_SYS(openat), 2) &&
	       add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(kill)) &&
	       add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tkill)) &&
	       seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid())) == 0;
}

static bool run_rules(scmp_filter_ctx c)
{
	return add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket)) &&
	       add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(connect)) &&
	       add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(bind));
}

static bool confine_calls(enum sandbox_kind kind, struct err *e)
{
	scmp_filter_ctx c = seccomp_init(kind == SANDBOX_COMPUTE ? SCMP_ACT_ERRNO(EPERM)
								 : SCMP_ACT_ALLOW);
	bool ok = c != NULL;
	for (size_t i = 0; ok && kind != SANDBOX_COMPUTE && i < ARRAY_LEN(forbidden_calls); i++)
		ok = add(c, SCMP_ACT_ERRNO(EPERM), forbidden_calls[i]);
	ok = ok && (kind == SANDBOX_COMPUTE   ? compute_rules(c)
		    : kind == SANDBOX_NETWORK ? network_rules(c)
					      : run_rules(c));
	ok = ok && seccomp_load(c) == 0;
	if (c)
		seccomp_release(c);
	return ok || err_set(e, ERR_IO, "cannot confine system calls (seccomp)");
}

bool sandbox_enter(const struct sandbox *s, struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_sys(e, errno, "cannot give up new privileges");
	return confine_files(s, e) && set_limits(s, e) && confine_calls(s->kind, e);
}
