/* SPDX-License-Identifier: Apache-2.0
 * Hosts: from a number to lines, ids and attributes. Line numbers ascend with the bytes of the
 * lines, and so do the packages of a role, so that a host needs no sorting but that of its extras.
 */
#include "base/enc.h"
#include "workload_int.h"

#include <stdio.h>

#define ABSENT 15 /* of 1024 packages of a role */
#define DRIFT 51  /* of 1024: another version than the lag says */
#define EXTRAS 24
#define TEXT_MAX (1u << 30)

struct str workload_version(struct arena *a, struct str version, uint32_t generation)
{
	if (generation == 0)
		return version;
	return str_of(arena_printf(a, "%.*s+deb12u%u", STR_ARG(version), generation));
}

static void add_line(struct workload *w, uint32_t package)
{
	buf_addc(&w->text, '\n');
	VEC_PUSH(&w->at, (uint32_t)w->text.n);
	w->package[w->n_lines++] = package;
}

static void add_package(struct workload *w, uint32_t package)
{
	const struct role_package *p = &w->roles.packages.p[package];
	w->base[package] = w->n_lines;
	for (uint32_t g = 0; g < p->generations; g++) {
		AUTO(arena_done) struct arena a = { 0 };
		struct str version = workload_version(&a, p->version, g);
		struct str source = str_eq(p->source, p->name) ? STR_LIT("") : p->source;
		struct str source_version = str_eq(p->source_version, p->version)
						    ? STR_LIT("")
						    : workload_version(&a, p->source_version, g);
		buf_printf(&w->text, "deb\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s", STR_ARG(p->name),
			   STR_ARG(p->arch), STR_ARG(version), STR_ARG(source),
			   STR_ARG(source_version));
		add_line(w, package);
	}
}

static void make_lines(struct workload *w)
{
	uint32_t n = (uint32_t)w->roles.packages.n;
	size_t lines = (size_t)n * 9 + LAG_MAX + 8;
	w->base = xmalloc(sizeof(*w->base) * (n + 1));
	w->package = xmalloc(sizeof(*w->package) * lines);
	w->text = BUF_INIT(TEXT_MAX);
	VEC_PUSH(&w->at, 0);
	buf_adds(&w->text, "arch\tamd64");
	add_line(w, UINT32_MAX);
	for (uint32_t i = 0; i < n; i++)
		add_package(w, i);
	w->hold = w->n_lines;
	for (uint32_t i = 0; i < n; i++) {
		const struct role_package *p = &w->roles.packages.p[i];
		buf_printf(&w->text, "hold\tdeb\t%.*s\t%.*s", STR_ARG(p->name), STR_ARG(p->arch));
		add_line(w, i);
	}
	w->kernel = w->n_lines;
	for (int i = 0; i <= LAG_MAX; i++) {
		buf_printf(&w->text, "kernel\trunning\t6.1.0-%d-amd64", 30 + i);
		add_line(w, UINT32_MAX);
	}
	w->os = w->n_lines;
	buf_adds(&w->text, "os\tdebian\t12\tbookworm");
	add_line(w, UINT32_MAX);
}

bool workload_new(const char *packages, uint64_t seed, struct workload **out, struct err *e)
{
	AUTO(workload_free) struct workload *w = xcalloc(1, sizeof(*w));
	w->seed = roles_mix(seed);
	if (!roles_load(packages, seed, &w->roles, e))
		return false;
	make_lines(w);
	for (int i = 0; i < ROLES; i++)
		w->host_max = MAX(w->host_max, (uint32_t)w->roles.role[i].packages.n);
	w->host_max += EXTRAS + 8;
	if (!buf_ok(&w->text, "the lines of the workload", e))
		return false;
	*out = TAKE(w);
	return true;
}

void workload_free(struct workload *w)
{
	if (!w)
		return;
	roles_done(&w->roles);
	xfree(w->base);
	xfree(w->package);
	buf_done(&w->text);
	VEC_DONE(&w->at);
	xfree(w);
}

uint32_t workload_lines(const struct workload *w)
{
	return w->n_lines;
}

struct str workload_line(const struct workload *w, uint32_t line)
{
	return (struct str) { w->text.p + w->at.p[line], w->at.p[line + 1] - w->at.p[line] - 1 };
}

uint32_t workload_host_max(const struct workload *w)
{
	return w->host_max;
}

static struct roles_random random_of(const struct workload *w, uint32_t host, uint32_t stream)
{
	return (struct roles_random) { roles_mix(w->seed ^ ((uint64_t)stream << 40) ^
						 (host + 1ull) * 2654435761u) };
}

/* Role and lag are the first two numbers of a host's stream. */
static uint32_t role_of(const struct workload *w, struct roles_random *random)
{
	double u = (double)(roles_next(random) >> 11) * 0x1p-53;
	uint32_t r = 0;
	while (r < ROLES - 1 && u > w->roles.role[r].until)
		r++;
	return r;
}

static uint32_t lag_of(struct roles_random *random)
{
	static const uint8_t lags[16] = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 4, 5 };
	return lags[roles_next(random) & 15];
}

static uint32_t version_line(const struct workload *w, uint32_t package, uint32_t lag)
{
	uint32_t newest = w->roles.packages.p[package].generations - 1u;
	return w->base[package] + (newest > lag ? newest - lag : 0);
}

/* Puts a line into ascending ones, unless some version of its package is there. */
static uint32_t put_extra(const struct workload *w, uint32_t *lines, uint32_t n, uint32_t line)
{
	uint32_t lo = 0, hi = n;
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		if (lines[mid] < line)
			lo = mid + 1;
		else
			hi = mid;
	}
	uint32_t package = w->package[line];
	if ((lo < n && w->package[lines[lo]] == package) ||
	    (lo > 0 && w->package[lines[lo - 1]] == package))
		return n;
	memmove(lines + lo + 1, lines + lo, sizeof(*lines) * (n - lo));
	lines[lo] = line;
	return n + 1;
}

static void revise(const struct workload *w, uint32_t host, uint32_t revision, uint32_t *lines,
		   uint32_t n)
{
	struct roles_random random = random_of(w, host, revision);
	for (int k = 0; k < 5; k++) {
		uint32_t *line = &lines[1 + roles_next(&random) % (n - 1)];
		uint32_t package = w->package[*line];
		uint32_t newest = w->base[package] + w->roles.packages.p[package].generations - 1;
		*line = *line < newest ? *line + 1 : *line - 1;
	}
}

uint32_t workload_host(const struct workload *w, uint32_t host, uint32_t revision, uint32_t *out)
{
	struct roles_random random = random_of(w, host, 0);
	const struct roles *r = &w->roles;
	uint32_t role = role_of(w, &random), lag = lag_of(&random), n = 0;
	out[n++] = 0;
	for (size_t i = 0; i < r->role[role].packages.n; i++) {
		uint64_t x = roles_next(&random);
		uint32_t p = r->role[role].packages.p[i];
		if ((x & 1023) < ABSENT)
			continue;
		uint32_t line = version_line(w, p, lag);
		if (((x >> 10) & 1023) < DRIFT)
			line = w->base[p] + (uint32_t)((x >> 20) % r->packages.p[p].generations);
		out[n++] = line;
	}
	uint32_t extras = (uint32_t)(roles_next(&random) % (EXTRAS + 1));
	for (uint32_t i = 0; i < extras; i++) {
		uint64_t x = roles_next(&random);
		uint32_t p = x & 7 ? r->used.p[(x >> 8) % r->used.n]
				   : (uint32_t)((x >> 8) % r->packages.n);
		n = put_extra(w, out, n, version_line(w, p, lag));
	}
	uint64_t x = roles_next(&random);
	uint32_t held = w->package[out[1 + (x >> 8) % (n - 1)]];
	if (revision > 0)
		revise(w, host, revision, out, n);
	if (x % 50 == 0)
		out[n++] = w->hold + held;
	out[n++] = w->kernel + LAG_MAX - lag;
	out[n++] = w->os;
	return n;
}

void workload_text(const struct workload *w, const uint32_t *lines, uint32_t n, struct buf *out)
{
	buf_reset(out);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t from = w->at.p[lines[i]];
		buf_add(out, w->text.p + from, w->at.p[lines[i] + 1] - from);
	}
}

void workload_id(const struct workload *w, uint32_t host, char out[static 33])
{
	uint64_t id[2] = { roles_mix(w->seed ^ 0x1d ^ ((uint64_t)host << 16)),
			   roles_mix(w->seed + host) };
	enc_hex(id, sizeof(id), out);
}

void workload_fingerprint(const struct workload *w, uint32_t host, char out[static SHA256_HEX])
{
	uint64_t x[4];
	for (int i = 0; i < 4; i++)
		x[i] = roles_mix(w->seed ^ 0xf1 ^ ((uint64_t)host << 8) ^ (uint64_t)i);
	enc_hex(x, sizeof(x), out);
}

void workload_attrs(const struct workload *w, uint32_t host, int64_t now_ms,
		    struct workload_attrs *out)
{
	static const char *const words[] = { "web",  "db",  "app",  "build", "mail",
					     "desk", "pos", "file", "test",  "gw" };
	struct roles_random random = random_of(w, host, 0);
	uint32_t role = role_of(w, &random), lag = lag_of(&random);
	uint64_t x = roles_mix(random.at ^ 0xa77);
	snprintf(out->text[0], 64, "%s-%06u.s%02u.example.net", words[role % ARRAY_LEN(words)],
		 host, (uint32_t)(x % 40));
	snprintf(out->text[1], 64, "6.1.0-%d-amd64", 30 + LAG_MAX - (int)lag);
	snprintf(out->text[2], 64, "10.%u.%u.%u", host >> 16 & 255, host >> 8 & 255, host & 255);
	uint64_t boot[2] = { roles_mix(x), roles_mix(x + 1) };
	char hex[33];
	enc_hex(boot, sizeof(boot), hex);
	snprintf(out->text[3], 64, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		 hex + 20);
	snprintf(out->text[4], 64, "user%u", host % 5000);
	out->a = (struct host_attrs) { .hostname = out->text[0],
				       .os_id = (char *)"debian",
				       .os_version = (char *)"12",
				       .os_name = (char *)"Debian GNU/Linux 12 (bookworm)",
				       .arch = (char *)"amd64",
				       .kernel = out->text[1],
				       .address = out->text[2],
				       .agent_version = (char *)TSUKUROI_VERSION,
				       .logged_in_user = x % 10 == 0 ? out->text[4] : NULL,
				       .boot_id = out->text[3],
				       .boot_ms = now_ms - (int64_t)(x % (90ull * 86400000)),
				       .reboot_needed = x % 20 == 0 };
}

const char *workload_office(const struct workload *w, uint32_t host)
{
	static const char *const offices[] = { "local",	  "osaka",    "nagoya",	   "fukuoka",
					       "sapporo", "sendai",   "hiroshima", "kyoto",
					       "kobe",	  "naha",     "niigata",   "shizuoka",
					       "okayama", "kumamoto", "matsue",	   "kanazawa",
					       "nagano",  "mito",     "chiba",	   "yokohama" };
	uint64_t x = roles_mix(w->seed ^ 0x0ff ^ ((uint64_t)host << 12));
	return x & 1 ? offices[0] : offices[(x >> 8) % ARRAY_LEN(offices)];
}
