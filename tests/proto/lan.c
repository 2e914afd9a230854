/* SPDX-License-Identifier: Apache-2.0
 * proto/lan.h: what agents say of their interfaces, there and back; nothing else is taken. */
#include "proto/lan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NIC "{\"name\":\"eth0\",\"mac\":\"02:00:5e:10:00:01\",\"wake\":\"on\",\"subnets\":"
#define LAN(nic) "{\"zone\":\"Asia/Tokyo\",\"interfaces\":[" nic "]}"

static void M_165_there_and_back(void **state UNUSED)
{
	struct lan l, again;
	struct err e = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	assert_true(lan_parse(LAN(NIC "[\"192.0.2.0/24\",\"2001:db8::/64\"]}"), &l, &e));
	assert_int_equal(l.n, 1);
	assert_int_equal(l.nics[0].n_subnets, 2);
	assert_int_equal(l.nics[0].wake, LAN_WAKE_ON);
	assert_memory_equal(l.nics[0].mac, "\x02\x00\x5e\x10\x00\x01", 6);
	AUTO(json_free) json_t *j = lan_write(&l);
	json_write(j, &b);
	assert_true(lan_parse(b.p, &again, &e));
	assert_memory_equal(&l, &again, sizeof(l));
	assert_true(lan_parse(NULL, &l, &e) && l.n == 0);
	assert_true(lan_parse("{}", &l, &e) && l.n == 0 && !l.zone[0]);
}

static void M_165_nothing_else(void **state UNUSED)
{
	static const char *const cases[] = {
		"[]",
		"{\"zone\":\"../etc\"}",
		"{\"interfaces\":[],\"more\":1}",
		LAN(NIC "[]}"),
		LAN(NIC "[\"192.0.2.1/24\"]}"), /* not its spelling */
		LAN(NIC "[\"192.0.2.0/24\",\"192.0.2.0/24\"]}"),
		LAN(NIC "[\"0.0.0.0/0\"]}"),
		LAN(NIC "[\"192.0.2.0/24\"],\"more\":1}"),
		LAN("{\"name\":\"e/0\",\"mac\":\"02:00:5e:10:00:01\",\"wake\":\"on\",\"subnets\":["
		    "\"192.0.2.0/24\"]}"),
		LAN("{\"name\":\"e\",\"mac\":\"02:00:5e:10:00:01\",\"wake\":\"yes\",\"subnets\":["
		    "\"192.0.2.0/24\"]}"),
	};
	struct lan l;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		if (lan_parse(cases[i], &l, &e))
			fail_msg("%s was taken", cases[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
	AUTO(json_free) json_t *j = json_pack("{s:[]}", "interfaces");
	for (int i = 0; i <= LAN_NICS; i++)
		json_array_append_new(json_object_get(j, "interfaces"),
				      json_pack("{s:s,s:s,s:s,s:[s]}", "name", "e", "mac",
						"02:00:5e:10:00:01", "wake", "off", "subnets",
						"192.0.2.0/24"));
	struct err e = { 0 };
	assert_false(lan_read(j, &l, &e));
}

static void M_165_addresses_of_one_machine(void **state UNUSED)
{
	static const char *const bad[] = { "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff",
					   "01:00:5e:00:00:01", "02-00-5e-10-00-01",
					   "02:00:5E:10:00:01", "02:00:5e:10:00:0",
					   "02:00:5e:10:00:011" };
	uint8_t mac[6];
	assert_true(lan_mac_read("02:00:5e:10:00:01", mac));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(lan_mac_read(bad[i], mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(M_165_there_and_back),
					    cmocka_unit_test(M_165_nothing_else),
					    cmocka_unit_test(M_165_addresses_of_one_machine) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
