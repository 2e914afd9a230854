/* SPDX-License-Identifier: Apache-2.0
 * libcurl's result codes in our words: what failed, with whom, and what a person can do about it.
 * One table of causes; nothing here decides whether to try again (the error code says it). */
#include "net/client_int.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>

struct where {
	char peer[URL_HOST_MAX + 16]; /* host:port */
	const char *host;
	const struct client_target *t;
};

static bool not_connected(CURL *easy, const struct where *w, struct err *e)
{
	long sys = 0;
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &sys);
	const char *who = w->t->proxy ? "proxy " : "";
	const char *peer = w->t->proxy ? w->t->proxy : w->peer;
	if (sys == ECONNREFUSED)
		err_set(e, ERR_UNAVAILABLE,
			"%s'%s' refused the connection; is it running and listening on this port?",
			who, peer);
	else if (sys == EHOSTUNREACH || sys == ENETUNREACH)
		err_set(e, ERR_UNAVAILABLE, "no route to %s'%s'; check network and firewall", who,
			peer);
	else if (sys == ETIMEDOUT)
		err_set(e, ERR_TIMEOUT, "%s'%s' did not answer; check address, port and firewall",
			who, peer);
	else
		err_set(e, ERR_UNAVAILABLE, "cannot connect to %s'%s'%s%s", who, peer,
			sys ? ": " : "", sys ? strerrordesc_np((int)sys) : "");
	if (e)
		e->sys = (int)sys;
	return false;
}

static bool not_trusted(CURL *easy, const char *detail, const struct where *w, struct err *e)
{
	long bits = 0;
	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &bits);
	if (bits & GNUTLS_CERT_EXPIRED || strstr(detail, "expiration date has passed"))
		return err_set(e, ERR_UNTRUSTED,
			       "certificate of '%s' has expired; renew it, or set this machine's "
			       "clock if that is wrong",
			       w->peer);
	if (bits & GNUTLS_CERT_NOT_ACTIVATED || strstr(detail, "not activated yet"))
		return err_set(e, ERR_UNTRUSTED,
			       "certificate of '%s' is not valid yet; check this machine's clock",
			       w->peer);
	if (bits & GNUTLS_CERT_SIGNER_NOT_FOUND || bits & GNUTLS_CERT_SIGNER_NOT_CA)
		return err_set(e, ERR_UNTRUSTED,
			       "certificate of '%s' was issued by an authority that is not trusted "
			       "here; give its CA certificate, or check that nobody intercepts the "
			       "connection",
			       w->peer);
	if (strstr(detail, "does not match"))
		return err_set(e, ERR_UNTRUSTED,
			       "certificate of '%s' is not for the name '%s'; use a name that "
			       "stands in the certificate, or reissue it",
			       w->peer, w->host);
	return err_set(e, ERR_UNTRUSTED, "certificate of '%s' does not verify: %.100s", w->peer,
		       detail);
}

static bool timed_out(CURL *easy, const char *detail, const struct where *w, struct err *e)
{
	double name = 0, tcp = 0, tls = 0;
	curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME, &name);
	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME, &tcp);
	curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME, &tls);
	if (strstr(detail, "too slow"))
		return err_set(e, ERR_TIMEOUT, "transfer with '%s' became too slow", w->peer);
	if (name == 0 && strstr(detail, "Resolving"))
		return err_set(e, ERR_TIMEOUT,
			       "DNS did not answer for '%s'; check this machine's DNS servers",
			       w->t->proxy ? w->t->proxy : w->host);
	if (tcp == 0)
		return err_set(e, ERR_TIMEOUT,
			       "%s'%s' did not answer within %lld s; check address, port and "
			       "firewall",
			       w->t->proxy ? "proxy " : "", w->t->proxy ? w->t->proxy : w->peer,
			       (long long)MIN(w->t->connect_timeout_s, w->t->timeout_s));
	if (w->t->url->tls && tls == 0)
		return err_set(e, ERR_TIMEOUT,
			       "'%s' did not finish the TLS handshake; is it an HTTPS port?",
			       w->peer);
	return err_set(e, ERR_TIMEOUT, "transfer with '%s' did not end within %lld s", w->peer,
		       (long long)w->t->timeout_s);
}

/* The proxy answered CONNECT with something else than 200. */
static bool proxy_refused(long status, const struct where *w, struct err *e)
{
	const char *remedy = status == 407   ? "give it credentials"
			     : status == 403 ? "allow this host and port there"
					     : "look at its log";
	return err_set(
		e, status == 502 || status == 503 || status == 504 ? ERR_UNAVAILABLE : ERR_DENIED,
		"proxy '%s' answered %ld for '%s'; %s", w->t->proxy ? w->t->proxy : "?", status,
		w->peer, remedy);
}

static bool handshake_failed(const char *detail, const struct where *w, struct err *e)
{
	/* In TLS 1.3 the server judges our certificate when the handshake is over for us: then
	 * libcurl only tells of an alert. */
	if ((w->t->has_cert && strstr(detail, "alert")) ||
	    strstr(detail, "ertificate is required") || strstr(detail, "ertificate is bad") ||
	    strstr(detail, "ertificate was revoked") || strstr(detail, "ertificate has expired") ||
	    strstr(detail, "CA is unknown") || strstr(detail, "nknown certificate"))
		return err_set(
			e, ERR_DENIED,
			"'%s' did not accept our client certificate: %.100s; enrol again if it "
			"is not from this server",
			w->peer, detail);
	return err_set(e, ERR_UNAVAILABLE,
		       "TLS handshake with '%s' failed: %.100s; it must speak TLS 1.2 or 1.3",
		       w->peer, detail);
}

bool client_error(CURL *easy, CURLcode rc, const char *detail, const struct client_target *t,
		  struct err *e)
{
	struct where w = { .host = t->url->host, .t = t };
	bool v6 = strchr(t->url->host, ':') != NULL;
	snprintf(w.peer, sizeof(w.peer), "%s%s%s:%u", v6 ? "[" : "", t->url->host, v6 ? "]" : "",
		 t->url->port);
	if (!detail[0])
		detail = curl_easy_strerror(rc);
	long connect_status = 0;
	curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
	if (t->proxy && connect_status >= 300)
		return proxy_refused(connect_status, &w, e);
	switch ((int)rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(e, ERR_UNAVAILABLE,
			       "no address for host '%s'; check the name and this machine's DNS",
			       w.host);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(e, ERR_UNAVAILABLE,
			       "no address for proxy '%s'; check its name and this machine's DNS",
			       t->proxy ? t->proxy : "?");
	case CURLE_PROXY:
		return err_set(e, ERR_UNAVAILABLE, "proxy '%s': %.150s", t->proxy ? t->proxy : "?",
			       detail);
	case CURLE_COULDNT_CONNECT: return not_connected(easy, &w, e);
	case CURLE_OPERATION_TIMEDOUT: return timed_out(easy, detail, &w, e);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR: return not_trusted(easy, detail, &w, e);
	case CURLE_SSL_CERTPROBLEM:
		return err_set(e, ERR_INVALID, "client certificate or key cannot be used: %.150s",
			       detail);
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(e, ERR_INVALID, "CA certificate file cannot be used: %.150s",
			       detail);
	case CURLE_SSL_CONNECT_ERROR: return handshake_failed(detail, &w, e);
	case CURLE_GOT_NOTHING:
		return err_set(e, ERR_UNAVAILABLE, "'%s' closed the connection without an answer",
			       w.peer);
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		if (strstr(detail, "TLS") && strstr(detail, "alert"))
			return handshake_failed(detail, &w, e);
		/* A server that refuses our certificate may close before its alert could be read.
		 */
		return err_set(e, ERR_UNAVAILABLE, "connection with '%s' was lost: %.100s%s",
			       w.peer, detail,
			       t->has_cert ? "; if this stays so, it may be refusing our client "
					     "certificate: look at its log"
					   : "");
	case CURLE_PARTIAL_FILE:
		return err_set(e, ERR_UNAVAILABLE, "'%s' closed the connection before the end",
			       w.peer);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP2:
		return err_set(e, ERR_CORRUPT, "answer of '%s' is not HTTP: %.100s", w.peer,
			       detail);
	default:
		return err_set(e, ERR_UNAVAILABLE, "request to '%s' failed: %.120s (%d)", w.peer,
			       detail, (int)rc);
	}
}
