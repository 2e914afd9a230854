/* SPDX-License-Identifier: Apache-2.0
 * Files: ca.pem ca.key server.pem server.key server.names. Written aside and renamed, keys 0600; a
 * CA that exists is never replaced. */
#include "server/identity.h"
#include "base/file.h"
#include "base/intern.h"
#include "base/vec.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEM_MAX (64u << 10)
#define CA_YEARS 20
#define SERVER_DAYS 397
#define RENEW_MS (30LL * 24 * 3600 * 1000)

static void add_addresses(struct intern *names)
{
	struct ifaddrs *list;
	if (getifaddrs(&list) != 0)
		return;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		char text[INET6_ADDRSTRLEN];
		if (!i->ifa_addr)
			continue;
		if (i->ifa_addr->sa_family == AF_INET) {
			struct sockaddr_in *a = (struct sockaddr_in *)(void *)i->ifa_addr;
			intern_add(names,
				   str_of(inet_ntop(AF_INET, &a->sin_addr, text, sizeof(text))));
		} else if (i->ifa_addr->sa_family == AF_INET6) {
			struct sockaddr_in6 *a = (struct sockaddr_in6 *)(void *)i->ifa_addr;
			if (!IN6_IS_ADDR_LINKLOCAL(&a->sin6_addr))
				intern_add(names, str_of(inet_ntop(AF_INET6, &a->sin6_addr, text,
								   sizeof(text))));
		}
	}
	freeifaddrs(list);
}

/* Own names first: what an administrator would type. */
static struct intern *names_of_machine(const char *more, char name_out[static 256])
{
	struct intern *names = intern_new();
	struct str rest = str_of(more), one;
	while (str_split(&rest, ',', &one)) {
		one = str_trim(one);
		if (one.n && one.n < 250)
			intern_add(names, one);
	}
	char host[250] = "localhost";
	if (gethostname(host, sizeof(host) - 1) == 0 && host[0])
		intern_add(names, str_of(host));
	struct str shown = intern_get(names, 0);
	snprintf(name_out, 256, "%.*s", STR_ARG(shown));
	intern_add(names, STR_LIT("localhost"));
	intern_add(names, STR_LIT("127.0.0.1"));
	intern_add(names, STR_LIT("::1"));
	add_addresses(names);
	return names;
}

static bool load_ca(const char *dir, int64_t now_ms, struct identity *id, struct err *e)
{
	AUTO(xfree) char *cert = file_join(dir, "ca.pem");
	AUTO(xfree) char *key = file_join(dir, "ca.key");
	AUTO(buf_done) struct buf key_pem = BUF_INIT(PEM_MAX);
	bool old = file_exists(cert);
	bool ok = old ? file_read(cert, &id->ca_pem, e) && file_read(key, &key_pem, e) &&
				  x509_ca_load(buf_str(&id->ca_pem), buf_str(&key_pem), &id->ca, e)
		      : x509_ca_new("Tsukuroi installation CA", CA_YEARS, now_ms, &id->ca, e) &&
				  x509_ca_save(id->ca, &id->ca_pem, &key_pem, e) &&
				  file_write_atomic(key, buf_str(&key_pem), 0600, e) &&
				  file_write_atomic(cert, buf_str(&id->ca_pem), 0644, e);
	if (ok)
		secret_key_derive(buf_str(&key_pem), "tsukuroi settings", &id->data_key);
	return ok;
}

/* True when the stored certificate is for exactly these names and lasts long enough. */
static bool still_good(const char *dir, struct str names, int64_t now_ms, struct identity *id)
{
	AUTO(xfree) char *cert = file_join(dir, "server.pem");
	AUTO(xfree) char *key = file_join(dir, "server.key");
	AUTO(xfree) char *list = file_join(dir, "server.names");
	AUTO(buf_done) struct buf old = BUF_INIT(PEM_MAX);
	AUTO(buf_done) struct buf pem = BUF_INIT(PEM_MAX);
	AUTO(buf_done) struct buf key_pem = BUF_INIT(PEM_MAX);
	struct x509_info info;
	if (!file_read(list, &old, NULL) || !str_eq(buf_str(&old), names) ||
	    !file_read(cert, &pem, NULL) || !file_read(key, &key_pem, NULL) ||
	    !x509_read(buf_str(&pem), &info, NULL) || info.not_after_ms < now_ms + RENEW_MS ||
	    info.not_before_ms > now_ms)
		return false;
	buf_addstr(&id->chain_pem, buf_str(&pem));
	buf_addstr(&id->key_pem, buf_str(&key_pem));
	return true;
}

static bool make_server(const char *dir, const struct intern *names, struct str list,
			int64_t now_ms, struct identity *id, struct err *e)
{
	AUTO(xfree) char *cert = file_join(dir, "server.pem");
	AUTO(xfree) char *key = file_join(dir, "server.key");
	AUTO(xfree) char *names_file = file_join(dir, "server.names");
	VEC(const char *) v = { 0 };
	for (uint32_t i = 0; i < intern_count(names); i++)
		VEC_PUSH(&v, intern_get(names, i).p);
	bool ok = x509_server_cert(id->ca, v.p, v.n, SERVER_DAYS, now_ms, &id->chain_pem,
				   &id->key_pem, e);
	VEC_DONE(&v);
	return ok && file_write_atomic(key, buf_str(&id->key_pem), 0600, e) &&
	       file_write_atomic(cert, buf_str(&id->chain_pem), 0644, e) &&
	       file_write_atomic(names_file, list, 0644, e);
}

/* When the certificate is to be renewed; then the authority behind it, to make a chain. */
static bool complete(struct identity *id, struct err *e)
{
	struct x509_info info;
	if (!x509_read(buf_str(&id->chain_pem), &info, e))
		return err_prefix(e, "the server's certificate");
	id->renew_ms = info.not_after_ms - RENEW_MS;
	buf_addstr(&id->chain_pem, buf_str(&id->ca_pem));
	return buf_ok(&id->chain_pem, "the server's certificate", e);
}

bool identity_renew(const char *dir, const char *names, int64_t now_ms, struct identity *id,
		    bool *renewed_out, struct err *e)
{
	*renewed_out = false;
	if (now_ms < id->renew_ms)
		return true;
	AUTO(identity_done) struct identity fresh = { 0 };
	if (!identity_load(dir, names, now_ms, &fresh, e))
		return false;
	buf_done(&id->chain_pem);
	buf_done(&id->key_pem);
	id->chain_pem = fresh.chain_pem;
	id->key_pem = fresh.key_pem;
	fresh.chain_pem = fresh.key_pem = (struct buf) { 0 };
	id->renew_ms = fresh.renew_ms;
	*renewed_out = true;
	return true;
}

bool identity_load(const char *dir, const char *names, int64_t now_ms, struct identity *out,
		   struct err *e)
{
	AUTO(identity_done)
	struct identity id = { .ca_pem = BUF_INIT(PEM_MAX),
			       .chain_pem = BUF_INIT(PEM_MAX),
			       .key_pem = BUF_INIT(PEM_MAX) };
	AUTO(intern_free) struct intern *list = names_of_machine(names, id.name);
	AUTO(buf_done) struct buf text = BUF_INIT(PEM_MAX);
	for (uint32_t i = 0; i < intern_count(list); i++) {
		buf_addstr(&text, intern_get(list, i));
		buf_addc(&text, '\n');
	}
	if (!file_mkdirs(dir, 0700, e) || !load_ca(dir, now_ms, &id, e))
		return err_prefix(e, "cannot load the installation's CA");
	if (!still_good(dir, buf_str(&text), now_ms, &id) &&
	    !make_server(dir, list, buf_str(&text), now_ms, &id, e))
		return err_prefix(e, "cannot make the server's certificate");
	if (!complete(&id, e))
		return false;
	struct sha256 pin = x509_ca_pin(id.ca);
	digest_hex(&pin, id.pin);
	*out = id;
	id = (struct identity) { 0 };
	return true;
}

void identity_done(struct identity *i)
{
	x509_ca_free(i->ca);
	buf_done(&i->ca_pem);
	buf_done(&i->chain_pem);
	buf_done(&i->key_pem);
	i->ca = NULL;
}
