// The simulator as a program: runs many seeds, and on a violation prints the seed, the promise, and
// the last events.
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/protocol/plant.h"
#include "tests/protocol/sim.h"

struct options {
  uint64_t seed, runs, rotations;
  const char *scenario;
  bool trace, plants, go_on;
  enum plant plant;
};

static void usage(void) {
  printf(
      "protocol_sim [--seed N] [--runs N] [--rotations N] [--scenario NAME] [--plant NAME] "
      "[--plants] [--trace] [--go-on]\n"
      "  Runs worlds N, N+1, … until so many runs or rotations are done. Exit 1: a promise was "
      "broken; the line\n"
      "  names the seed to run again.\n"
      "  --go-on: tells of each broken promise in a line, and goes on.\n"
      "  --plants: plants each error in turn; exit 1 if one is not caught within --runs worlds.\n"
      "  scenarios:%s\n  plants:\n",
      scenario_names());
  for (int p = 1; p < PLANT_COUNT; p++)
    printf("    %-22s %s\n", plant_name((enum plant)p), plant_text((enum plant)p));
}

static bool parse(int argc, char **argv, struct options *o) {
  static const struct option longs[] = {{"seed", 1, NULL, 's'},      {"runs", 1, NULL, 'n'},
                                        {"rotations", 1, NULL, 'r'}, {"scenario", 1, NULL, 'c'},
                                        {"plant", 1, NULL, 'p'},     {"plants", 0, NULL, 'P'},
                                        {"trace", 0, NULL, 't'},     {"go-on", 0, NULL, 'g'},
                                        {"help", 0, NULL, 'h'},      {NULL, 0, NULL, 0}};
  for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;)
    switch (c) {
    case 's':
      o->seed = strtoull(optarg, NULL, 10);
      break;
    case 'n':
      o->runs = strtoull(optarg, NULL, 10);
      break;
    case 'r':
      o->rotations = strtoull(optarg, NULL, 10);
      break;
    case 'c':
      o->scenario = optarg;
      break;
    case 'p':
      o->plant = plant_find(optarg);
      break;
    case 'P':
      o->plants = true;
      break;
    case 't':
      o->trace = true;
      break;
    case 'g':
      o->go_on = true;
      break;
    default:
      return false;
    }
  return o->plant != PLANT_COUNT;
}

// ---- what is told ----

static void print_rows(const struct totals *t) {
  printf("rows:");
  for (int r = 0; r < ROW_COUNT; r++)
    printf(" %s %" PRIu64, row_name((enum row)r), t->rows[r]);
  printf("\n");
}

static void print_totals(const struct totals *t, double seconds) {
  printf("runs %" PRIu64 ", rotations %" PRIu64 " (%.0f/s), given up %" PRIu64 ", swaps %" PRIu64
         ", heals %" PRIu64 ", processes %" PRIu64 ", ticks %" PRIu64 ", calls %" PRIu64
         ", switches %" PRIu64 ", checks %" PRIu64 "\n",
         t->runs, t->rotations, (double)t->rotations / (seconds > 0 ? seconds : 1), t->given_up,
         t->swaps, t->heals, t->processes, t->ticks, t->calls, t->switches, t->checks);
  printf("crashes %" PRIu64 ", pauses %" PRIu64 ", stops %" PRIu64 ", answers lost %" PRIu64
         ", requests unsent %" PRIu64 ", throttled %" PRIu64 ", late %" PRIu64 " (landed %" PRIu64
         "), twice %" PRIu64 ", stale readings %" PRIu64 ", outages %" PRIu64
         ", complaints %" PRIu64 "\n",
         t->crashes, t->pauses, t->stops, t->lost, t->unsent, t->throttled, t->late, t->late_landed,
         t->twice, t->stale, t->outages, t->complaints);
  printf("hands on keys %" PRIu64 ", sink edits %" PRIu64 ", values taken %" PRIu64
         ", wishes %" PRIu64 ", configuration changes %" PRIu64 ", repairs %" PRIu64
         ", consumer readings %" PRIu64 "\n",
         t->hands, t->edits, t->strangers, t->wishes, t->config, t->repairs, t->consumer_reads);
  printf("rights taken %" PRIu64 ", verdicts checked %" PRIu64 " (working %" PRIu64
         ", not working %" PRIu64 "), books lost %" PRIu64 "\n",
         t->rights, t->verdicts, t->said_working, t->said_not_working, t->books_lost);
  print_rows(t);
}

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// The same world again, with a trace this time.
static void tell(struct sim *s, uint64_t seed, const struct options *o) {
  char first[sizeof s->violation];
  memcpy(first, s->violation, sizeof first);
  s->tracing = true;
  s->n_trace = 0;
  sim_run(s, seed, o->scenario);
  sim_trace_print(s, o->trace ? UINT_MAX : 200);
  if (strcmp(first, s->violation) != 0)
    printf("NOT DETERMINISTIC: the first time it was: %s\n", first);
  printf("seed %" PRIu64 " (scenario %s): %s\nagain: protocol_sim --seed %" PRIu64
         " --runs 1%s%s%s%s\n",
         seed, s->p.scenario, s->violation, seed, o->scenario ? " --scenario " : "",
         o->scenario ? o->scenario : "", o->plant ? " --plant " : "",
         o->plant ? plant_name(o->plant) : "");
}

// ---- what is run ----

static int run_all(struct sim *s, const struct options *o) {
  double begin = now_s();
  int status = 0;
  for (uint64_t i = 0; i < o->runs && s->totals->rotations < o->rotations && (!status || o->go_on);
       i++) {
    s->tracing = o->trace;
    s->n_trace = 0;
    if (!sim_run(s, o->seed + i, o->scenario)) {
      status = 1;
      if (!o->go_on)
        tell(s, o->seed + i, o);
      else
        printf("seed %" PRIu64 " (%s): %s\n", o->seed + i, s->p.scenario, s->violation);
    } else if (o->trace) {
      sim_trace_print(s, UINT_MAX);
    }
  }
  if (!status || o->runs > 1)
    print_totals(s->totals, now_s() - begin);
  return status;
}

// Where the search for a planted error begins that few worlds show: not long before the first that
// does. A change of the engine moves that world, and the search goes on from here; what is late
// again (it is printed) is looked for anew from seed 1.
static uint64_t first_world(enum plant plant) {
  switch (plant) {
  case PLANT_LOOK_NEVER_OLD:
    return 880;
  case PLANT_LATE_FOR_EVER:
    return 60;
  case PLANT_NO_CONFIRM:
    return 290;
  case PLANT_NO_MARK_WAIT:
    return 150;
  case PLANT_OWN_LAST_ENDED:
    return 105;
  default:
    return 0;
  }
}

static int run_plants(struct sim *s, const struct options *o) {
  int missed = 0;
  for (int p = 1; p < PLANT_COUNT; p++) {
    uint64_t i = 0;
    uint64_t seed = o->seed + (o->scenario ? 0 : first_world((enum plant)p));
    const char *scenario = o->scenario ? o->scenario : plant_scenario((enum plant)p);
    s->plant = p;
    while (i < o->runs && sim_run(s, seed + i, scenario))
      i++;
    if (i < o->runs)
      printf("%-22s caught in run %" PRIu64 " (%s, seed %" PRIu64 "): %s\n",
             plant_name((enum plant)p), i + 1, s->p.scenario, seed + i, s->violation);
    else
      printf("%-22s NOT CAUGHT in %" PRIu64 " runs\n", plant_name((enum plant)p), o->runs);
    missed += i == o->runs;
    fflush(stdout);
  }
  return missed > 0;
}

int main(int argc, char **argv) {
  static struct sim sim;
  static struct totals totals;
  struct options o = {.seed = 1, .runs = UINT64_MAX, .rotations = UINT64_MAX};
  if (!parse(argc, argv, &o)) {
    usage();
    return 2;
  }
  if (o.runs == UINT64_MAX && o.rotations == UINT64_MAX)
    o.runs = 1000;
  char dir[64];
  snprintf(dir, sizeof dir, "%s/rotator-sim-XXXXXX",
           access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  if (!mkdtemp(dir)) {
    perror(dir);
    return 1;
  }
  sim = (struct sim){.totals = &totals, .dir = dir, .plant = o.plant};
  int status = o.plants ? run_plants(&sim, &o) : run_all(&sim, &o);
  sim_end(&sim);
  char path[80];
  snprintf(path, sizeof path, "%s/lock", dir);
  remove(path);
  snprintf(path, sizeof path, "%s/mark", dir);
  remove(path);
  rmdir(dir);
  return status;
}
