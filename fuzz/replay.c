/* SPDX-License-Identifier: Apache-2.0
 * Runs a fuzz target as an ordinary test: every file of a corpus directory, then a fixed number of
 * seeded mutations of each (bit flips, cuts, doubled ranges). Deterministic; fails by crashing. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUTATIONS 300
#define MAX_SIZE (1u << 20)

static uint64_t state = 0x7465737475;

static uint64_t next(void)
{
	state += 0x9E3779B97F4A7C15ull;
	uint64_t x = state;
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
	return x ^ (x >> 31);
}

/* A copy on the heap of exactly `n` bytes, so that a sanitizer sees any read past the end. */
static void run(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	if (!copy)
		abort();
	memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void mutate(const uint8_t *p, size_t n)
{
	uint8_t *m = malloc(2 * n + 64);
	if (!m)
		abort();
	for (int i = 0; i < MUTATIONS; i++) {
		size_t k = n;
		memcpy(m, p, n);
		for (uint64_t edits = 1 + next() % 8; k && edits; edits--) {
			size_t at = next() % k;
			switch (next() % 5) {
			case 0: m[at] ^= (uint8_t)(1u << (next() % 8)); break;
			case 1: m[at] = (uint8_t)next(); break;
			case 2: k = at; break;
			case 3: m[at] = (uint8_t) "\n\t \0:=<>/"[next() % 9]; break;
			default:
				if (k < n + 32) {
					memmove(m + at + 1, m + at, k - at);
					k++;
				}
			}
		}
		run(m, k);
	}
	free(m);
}

int main(int argc, char **argv)
{
	DIR *d = argc > 1 ? opendir(argv[1]) : NULL;
	if (!d) {
		fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
		return 2;
	}
	static uint8_t data[MAX_SIZE];
	size_t files = 0;
	for (struct dirent *ent; (ent = readdir(d));) {
		char path[4096];
		if (ent->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], ent->d_name);
		FILE *f = fopen(path, "rb");
		if (!f)
			continue;
		size_t n = fread(data, 1, sizeof(data), f);
		fclose(f);
		run(data, n);
		mutate(data, n);
		files++;
	}
	closedir(d);
	run((const uint8_t *)"", 0);
	printf("%zu corpus files, %zu inputs\n", files, files * (MUTATIONS + 1) + 1);
	return files ? 0 : 1;
}
