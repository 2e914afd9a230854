/* SPDX-License-Identifier: Apache-2.0
 * File: state_dir/generation, "EPOCH GENERATION". Written after the database was, so that a crash
 * between the two leaves the file behind, never ahead. */
#include "server/generation.h"
#include "base/file.h"
#include "deploy/deploy.h"

static bool read_marker(const char *path, struct deploy_marker *out, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(200);
	*out = (struct deploy_marker) { 0 };
	if (!file_exists(path))
		return true;
	if (!file_read(path, &text, e))
		return false;
	struct str rest = str_trim(buf_str(&text)), epoch;
	if (!str_split(&rest, ' ', &epoch) || !str_to_i64(epoch, &out->epoch) ||
	    !str_to_i64(rest, &out->generation) || out->epoch < 1 || out->generation < 1)
		return err_set(e, ERR_CORRUPT,
			       "'%s' does not hold two numbers; remove it and run 'tsukuroid "
			       "--new-epoch'",
			       path);
	return true;
}

bool generation_turn(const char *state_dir, struct sql *db, bool new_epoch, int64_t *epoch_out,
		     bool *restored_out, struct err *e)
{
	AUTO(xfree) char *path = file_join(state_dir, "generation");
	AUTO(buf_done) struct buf text = BUF_INIT(200);
	struct deploy_marker marker;
	if (!read_marker(path, &marker, e) ||
	    !deploy_generation(db, new_epoch, &marker, restored_out, e))
		return false;
	*epoch_out = marker.epoch;
	buf_printf(&text, "%lld %lld\n", (long long)marker.epoch, (long long)marker.generation);
	return file_write_atomic(path, buf_str(&text), 0600, e);
}
