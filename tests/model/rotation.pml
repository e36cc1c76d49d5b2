/* The protocol of rotator/PROTOCOL.md as a model for SPIN: every order of events of a small world is tried, where the simulator
 * (tests/protocol) tries many orders of large ones. README.md here says what is in it and what is not; run.sh runs it.
 *
 * How it works. A rotator goes round for ever: it reads the sinks, then the state, looks at IAM, takes the first row of section 4
 * that matches, and does the one thing which that row says. It may stop for ever between any two of these steps, and go on when
 * everything has changed: a crash, a pause and a second rotator on another host are that one case. It never waits for an answer.
 * What it asks for is under way from then on, and may land at any later time, once, twice or never:
 *
 *   requests to IAM   a bit for each request and key, which once set may take effect at any time and any number of times
 *   sink writes       a bag for each sink: value, stamp and the version that the write expects
 *   the state         a compare-and-set is a step of the rotator itself: one that is late is a rotator that has paused
 *
 * Time is what it forbids: the grace is over when every consumer has read its sink again since the grace was entered. What is
 * nondeterministic is under a budget (FAULTS, WISHES, HANDS), so that a run comes to its end.
 *
 * The promises are checked after every change (CHECK), L1 as a formula. PLANT_… switches put one error of design in; each is found.
 */

#ifndef ROTATORS
#define ROTATORS 2
#endif
#ifndef SINKS
#define SINKS 1
#endif
#ifndef ROTATIONS
#define ROTATIONS 1 /* generations that may be staged */
#endif
#ifndef FAULTS
#define FAULTS 0 /* replicas that lag: a good key is refused, or is not seen; with ENDS also requests that are lost */
#endif
#ifndef WISHES
#define WISHES 0 /* of a person: give up, back */
#endif
#ifndef CONFIRMS
#define CONFIRMS 3 /* with STALE_HOME: how often the state is confirmed before a write */
#endif
#ifndef HANDS
#define HANDS 0 /* of a person: a sink is edited, the current key is deleted, a key is refused though IAM shows it active */
#endif

/* Values: 0 is the adopted one, then one for each generation. A key is known by its id: the first key with a value has the number
 * of the value, a second one with the same value (its twin: a create that came when the first had been deleted) that + VALUES. */
#define VALUES (ROTATIONS + 1)
#define IDS (2 * VALUES)
#define NOBODY 15
#define OTHER IDS /* a key of this identity with another lineage in its tag */
#define value_of(id) ((id) % VALUES)
#define twin(v) ((v) + VALUES)

mtype = { key_absent, key_disabled, key_active, key_gone }; /* as IAM has it */
mtype = { idle, staged, publishing, grace, retiring };
mtype = { r_drift, r_stray, r_heal, r_due, r_rest, r_give_up, r_create, r_note, r_enable, r_lost, r_promote, r_refute, r_await,
          r_swap, r_both_dead, r_publish, r_settle, r_stuck, r_moved, r_retire, r_serve, r_unsure, r_disable, r_delete, r_retired };

/* --- what is true --- */

mtype key[IDS + 1];
bit create_flies[VALUES], enable_flies[IDS + 1], disable_flies[IDS + 1], delete_flies[IDS + 1];

typedef document {
  byte seq, generation, epoch;
  mtype phase;
  byte current, previous, pending; /* current and previous: ids; pending: a value */
  byte pending_id;                 /* NOBODY: not noted */
  byte noted[SINKS]                /* the versions on entering grace */
}
document state;
#ifdef STALE_HOME
document old_state; /* what a lagging replica of the home store may still show */
#endif

typedef store {
  byte value, stamp, version
}
store sink[SINKS];

#define BAG 2
typedef request {
  bit used;
  byte value, stamp, version
}
request writes[SINKS * BAG];

#ifdef LOCAL
byte lock = NOBODY; /* class C: one host, one lock, and a mark around each write */
bit mark;
#endif

byte held[SINKS];    /* what the consumer of the sink holds */
bit fresh[SINKS];    /* it has read its sink since grace was entered */
byte grace_over = 0; /* the epoch whose grace is over */
#ifdef STALE_HOME
byte confirms = CONFIRMS;
#endif
byte faults = FAULTS, wishes = WISHES, hands = HANDS;

/* --- what the promises speak of --- */

hidden byte c, w; /* counters within one step: no part of a state */

bit proven[VALUES], was_current[VALUES], beyond[VALUES], killed[VALUES];
#if HANDS > 0
bit mute[VALUES]; /* active by IAM, and refused all the same */
#define works(v) ((key[v] == key_active || key[twin(v)] == key_active) && !mute[v])
#else
#define works(v) (key[v] == key_active || key[twin(v)] == key_active)
#endif
#define is_ours(id) ((id) == 0 || ((id) != VALUES && value_of(id) <= state.generation))
#define in_slot(id) \
  ((id) == state.current || (id) == state.previous || \
   (state.pending != NOBODY && value_of(id) == state.pending && (state.pending_id == NOBODY || state.pending_id == (id))))

inline CHECK() {
  d_step {
    c = 0;
    do
    :: c < SINKS ->
      assert(killed[sink[c].value] || (works(sink[c].value) && proven[sink[c].value])); /* S1 */
      assert(killed[held[c]] || works(held[c]));                                        /* S2 */
      c++
    :: else -> break
    od;
    c = 0;
    do
    :: c < IDS ->
      /* S3: what is active is in a slot, or a stray that the next look removes. The adopted key has no tag: it never is one. */
      assert(key[c] != key_active || in_slot(c) || (c != 0 && value_of(c) <= state.generation));
      c++
    :: else -> break
    od;
    c = 0;
    do
    :: c < VALUES ->
      assert(!(key[c] == key_gone && key[twin(c)] == key_active)); /* S4: what was deleted is never active again */
      c++
    :: else -> break
    od;
    assert(state.current == NOBODY || !beyond[value_of(state.current)]); /* S4 */
    assert(key[OTHER] == key_active)                                         /* S6 */
  }
}

/* S5: a key that ever was current is touched beyond the point of no return only. */
#define MAY_END(id) ((id) == OTHER || !was_current[value_of(id)] || beyond[value_of(id)] || killed[value_of(id)])

/* --- IAM: a process for each key, in which what was asked for takes effect --- */

#define MAY_FAIL (faults > 0)

/* How often: any number of times. Where an end is to be shown (L1), once. */
#ifdef ENDS
#define SPENT(flies) flies = 0
/* What could still take effect is lost at the cost of a fault. */
#define LOSE(could) \
  if \
  :: could -> faults-- \
  :: else \
  fi
#else
#define SPENT(flies) skip
#endif

#ifdef PLANT_born_enabled
#define BORN key_active
#else
#define BORN key_disabled
#endif

proctype creates(byte v) {
end:
  do
  :: atomic { create_flies[v] && key[v] == key_absent -> key[v] = BORN; SPENT(create_flies[v]); CHECK() }
  /* After a deletion the value is free, and a create that comes late makes another key of it. */
  :: atomic { create_flies[v] && key[v] == key_gone && key[twin(v)] == key_absent -> key[twin(v)] = BORN; SPENT(create_flies[v]); CHECK() }
#ifdef ENDS
  :: atomic { create_flies[v] && (MAY_FAIL || key[v] != key_absent) -> LOSE(key[v] == key_absent); create_flies[v] = 0 }
#endif
  od
}

proctype changes(byte id) {
end:
  do
  :: atomic { enable_flies[id] && key[id] == key_disabled -> key[id] = key_active; SPENT(enable_flies[id]); CHECK() }
  :: atomic { disable_flies[id] && key[id] == key_active ->
       assert(MAY_END(id));
       key[id] = key_disabled; SPENT(disable_flies[id]); CHECK() }
  :: atomic { delete_flies[id] && (key[id] == key_active || key[id] == key_disabled) ->
       assert(MAY_END(id));
       key[id] = key_gone; SPENT(delete_flies[id]); CHECK() }
#ifdef ENDS
  :: atomic { enable_flies[id] && (MAY_FAIL || !(key[id] == key_disabled)) -> LOSE(key[id] == key_disabled); enable_flies[id] = 0 }
  :: atomic { disable_flies[id] && (MAY_FAIL || !(key[id] == key_active)) -> LOSE(key[id] == key_active); disable_flies[id] = 0 }
  :: atomic { delete_flies[id] && (MAY_FAIL || !(key[id] == key_active || key[id] == key_disabled)) -> LOSE(key[id] == key_active || key[id] == key_disabled); delete_flies[id] = 0 }
#endif
  od
}

/* --- sinks: a process for each write under way --- */

#define FREE(i) writes[i].used = 0; writes[i].value = 0; writes[i].stamp = 0; writes[i].version = 0

#ifdef LOCAL
#define FITS(i, s) true
#define NEVER_FITS(i, s) false
#elif defined(PLANT_no_sink_cas)
#define FITS(i, s) (sink[s].version < 8) /* a bound for the search: these writes land for ever */
#define NEVER_FITS(i, s) false
#elif defined(PLANT_version_is_content)
#define FITS(i, s) (writes[i].version == sink[s].version)
#define NEVER_FITS(i, s) false
#else
/* A version of class A never repeats: a write that expects an older one is refused for good, and need not be remembered. */
#define FITS(i, s) (writes[i].version == sink[s].version)
#define NEVER_FITS(i, s) (writes[i].used && writes[i].version != sink[s].version)
#endif
#ifdef PLANT_version_is_content
#define NEW_VERSION(s) sink[s].version = sink[s].value
#else
#define NEW_VERSION(s) sink[s].version++
#endif

inline changed(s) { /* the sink has a new version */
  NEW_VERSION(s);
  w = 0;
  do
  :: w < BAG ->
    if
    :: NEVER_FITS((s) * BAG + w, s) -> FREE((s) * BAG + w)
    :: else
    fi;
    w++
  :: else -> break
  od
}

proctype lands(byte s; byte i) {
end:
  do
  :: d_step { writes[i].used && FITS(i, s) ->
       sink[s].value = writes[i].value;
       sink[s].stamp = writes[i].stamp;
#if defined(LOCAL) || defined(ENDS)
       FREE(i);
#endif
       changed(s) };
     CHECK()
#if defined(ENDS)
  :: d_step { writes[i].used && MAY_FAIL -> faults--; FREE(i) } /* lost */
  :: d_step { writes[i].used && !FITS(i, s) -> FREE(i) }
#elif defined(LOCAL)
  :: d_step { writes[i].used -> FREE(i) } /* lost */
#endif
  od
}

/* --- consumers, and time --- */

proctype consumer(byte s) {
end:
  do
  :: atomic { held[s] != sink[s].value || !fresh[s] -> held[s] = sink[s].value; fresh[s] = 1; CHECK() }
  od
}

#if SINKS == 1
#define all_fresh fresh[0]
#else
#define all_fresh (fresh[0] && fresh[1])
#endif

proctype clock() {
end:
  do
  :: atomic { state.phase == grace && all_fresh && grace_over != state.epoch -> grace_over = state.epoch }
  od
}

/* --- hands: what people do, but not between a rotator's last look and its act (the page's section 10) --- */

#if HANDS > 0
byte looking = 0; /* rotators that have begun to read */
proctype person() {
end:
  do
  :: atomic { hands > 0 && looking == 0 && state.previous != NOBODY && state.phase != retiring && works(value_of(state.previous)) ->
       hands--;
       sink[0].value = value_of(state.previous);
       sink[0].stamp = 0;
       changed(0); CHECK() }
  :: atomic { hands > 0 && looking == 0 && state.current != NOBODY && key[state.current] == key_active ->
       hands--;
       killed[value_of(state.current)] = 1;
       key[state.current] = key_gone; CHECK() }
  :: atomic { hands > 0 && looking == 0 && state.current != NOBODY && works(value_of(state.current)) ->
       hands--;
       killed[value_of(state.current)] = 1;
       mute[value_of(state.current)] = 1; CHECK() }
  :: atomic { hands > 0 && looking == 0 && state.previous != NOBODY && works(value_of(state.previous)) ->
       hands--;
       killed[value_of(state.previous)] = 1;
       mute[value_of(state.previous)] = 1; CHECK() }
  od
}
#define LOOKS looking++
#define LOOKED looking--
#else
#define LOOKS skip
#define LOOKED skip
#endif

/* --- the rotator --- */

#if SINKS == 1
#define ANY_UNDER_WAY (writes[0].used || writes[1].used)
#else
#define ANY_UNDER_WAY (writes[0].used || writes[1].used || writes[2].used || writes[3].used)
#endif

#define alive(id) ((id) != NOBODY && key[id] == key_active)
#ifdef PLANT_absent_once
#define is_gone(id) (key[id] == key_gone || key[id] == key_absent || faults > 0)
#else
#define is_gone(id) (key[id] == key_gone || key[id] == key_absent) /* seen twice, apart: then it is so (rule 4) */
#endif
#define is_dead(id) ((id) == NOBODY || key[id] == key_gone || key[id] == key_disabled || (is_gone(id)))

#if SINKS == 1
#define EACH(what) (what(0))
#define ANY(what) (what(0))
#define PICK(what) \
  if \
  :: at = 0 \
  fi
#else
#define ANY(what) (what(0) || what(1))
#ifdef PLANT_one_sink_enough
#define EACH(what) ANY(what)
#else
#define EACH(what) (what(0) && what(1))
#endif
#define PICK(what) \
  if \
  :: what(0) -> at = 0 \
  :: else -> at = 1 \
  fi
#endif

#define has_current(s) (seen[s].value == value_of(my.current))
#ifdef PLANT_no_stamp
#define is_stamped(s) true
#elif defined(LOCAL)
#define is_stamped(s) true
#else
#define is_stamped(s) (seen[s].stamp == my.epoch)
#endif
#define serves(s) (has_current(s) && is_stamped(s))
#define unserved(s) (!serves(s))
#define unmoved(s) (has_current(s) && seen[s].version == my.noted[s])
#define is_as_noted(s) (sink[s].value == value_of(my.current) && sink[s].version == my.noted[s])
#define drifted(s) (!has_current(s))

#ifdef PLANT_promote_unproven
#define proof_of_pending (key[my.pending_id] == key_disabled || key[my.pending_id] == key_active)
#else
#define proof_of_pending (key[my.pending_id] == key_active)
#endif
#ifdef PLANT_swap_unproven
#define proof_of_previous true
#else
#define proof_of_previous works(value_of(my.previous))
#endif
#ifdef PLANT_retire_unproven
#define proof_of_current true
#else
#define proof_of_current works(value_of(my.current))
#endif
#ifdef PLANT_no_grace
#define is_over true
#else
#define is_over (grace_over == my.epoch)
#endif

/* A stray: of our lineage, of a generation that the state has counted, in no slot, or in a slot that notes another id. */
#ifdef PLANT_stray_no_bound
#define is_counted(id) true
#else
#define is_counted(id) (value_of(id) <= my.generation)
#endif
#define in_my_slot(id) \
  ((id) == my.current || (id) == my.previous || \
   (my.pending != NOBODY && value_of(id) == my.pending && (my.pending_id == NOBODY || my.pending_id == (id))))
#define is_stray(id) ((id) != 0 && (key[id] == key_active || key[id] == key_disabled) && is_counted(id) && !in_my_slot(id))

inline find_stray() { /* at: its id, or NOBODY */
  at = NOBODY;
#ifdef PLANT_stray_never
  c = IDS;
#else
  c = 1;
#endif
  do
  :: c < IDS ->
    if
    :: is_stray(c) -> at = c; break
    :: else -> c++
    fi
  :: else -> break
  od;
#ifdef PLANT_stray_any_lineage
  if
  :: at == NOBODY && key[OTHER] == key_active -> at = OTHER
  :: else
  fi;
#endif
  c = 0
}

#define previous_is_good (my.previous != NOBODY && proof_of_previous)
#define MAY_WISH (wishes > 0)

inline decide_idle() {
  if
  :: is_dead(my.current) && my.generation < ROTATIONS -> row = r_heal
  :: !is_dead(my.current) && my.generation < ROTATIONS -> row = r_due
  :: row = r_rest
  fi
}

inline decide_staged() {
  if
  :: MAY_WISH -> row = r_give_up; cost = 1
  :: my.pending_id == NOBODY ->
    if
    :: key[my.pending] == key_active || key[my.pending] == key_disabled -> at = my.pending; row = r_note
    :: key[twin(my.pending)] == key_active || key[twin(my.pending)] == key_disabled -> at = twin(my.pending); row = r_note
    :: (key[my.pending] == key_absent || key[my.pending] == key_gone) &&
       (key[twin(my.pending)] == key_absent || key[twin(my.pending)] == key_gone) -> row = r_create
    :: MAY_FAIL -> row = r_create; cost = 2
#ifdef PLANT_enable_unnoted
    :: key[my.pending] == key_disabled -> at = my.pending; row = r_enable
    :: key[twin(my.pending)] == key_disabled -> at = twin(my.pending); row = r_enable
#endif
    fi
  :: my.pending_id != NOBODY ->
    if
    :: key[my.pending_id] == key_disabled -> at = my.pending_id; row = r_enable
    :: is_gone(my.pending_id) -> row = r_lost
    :: proof_of_pending ->
      row = r_promote;
      proven[value_of(my.pending_id)] = proven[value_of(my.pending_id)] || key[my.pending_id] == key_active
    :: MAY_FAIL -> row = r_refute; cost = 2
    fi
  fi
}

inline decide_swap() { /* true of row `swap` in publishing and in grace */
  if
  :: previous_is_good && is_dead(my.current) -> row = r_swap
  :: previous_is_good && MAY_WISH -> row = r_swap; cost = 1
  :: previous_is_good && MAY_FAIL -> row = r_swap; cost = 2
  :: is_dead(my.current) && (my.previous == NOBODY || is_dead(my.previous)) -> row = r_both_dead
  :: !(previous_is_good && is_dead(my.current)) && !(is_dead(my.current) && (my.previous == NOBODY || is_dead(my.previous))) -> skip
  fi
}

inline decide_publishing() {
  decide_swap();
  if
  :: row != r_rest -> skip
  :: row == r_rest && is_dead(my.current) -> row = r_stuck
  :: row == r_rest && !is_dead(my.current) && !EACH(serves) -> PICK(unserved); row = r_publish
  :: row == r_rest && !is_dead(my.current) && EACH(serves) -> row = r_settle
  fi
}

inline decide_grace() {
  decide_swap();
  if
  :: row != r_rest -> skip
#ifndef PLANT_moved_ignored
  /* What was read before the state may be older than the grace: only a second reading shows a move. */
  :: row == r_rest && !EACH(unmoved) && !EACH(is_as_noted) -> row = r_moved
  :: row == r_rest && !EACH(unmoved) && EACH(is_as_noted) -> row = r_serve
  :: row == r_rest && EACH(unmoved) && is_over && proof_of_current -> row = r_retire
#else
  :: row == r_rest && is_over && proof_of_current -> row = r_retire
#endif
#ifdef PLANT_disable_early
  :: row == r_rest && key[my.previous] == key_active -> at = my.previous; row = r_disable
#endif
  :: row == r_rest && EACH(unmoved) && !(is_over && proof_of_current) -> row = r_serve
  fi
}

inline decide_retiring() {
  if
  :: is_gone(my.previous) -> row = r_retired
  :: !is_gone(my.previous) && !proof_of_current && !is_dead(my.current) -> row = r_unsure
  :: (proof_of_current || is_dead(my.current)) && key[my.previous] == key_active -> at = my.previous; row = r_disable
  :: (proof_of_current || is_dead(my.current)) && key[my.previous] == key_disabled -> at = my.previous; row = r_delete
#ifdef PLANT_swap_when_retiring
  :: key[my.previous] == key_active && MAY_WISH -> row = r_swap; cost = 1
#endif
  fi
}

/* The first row that matches. What a row asks IAM is asked here; what it does follows, as a step of its own. */
inline decide() {
  row = r_rest;
  d_step { find_stray(); skip };
  if
  :: at != NOBODY -> row = r_stray
  :: (my.phase == idle || my.phase == staged || my.phase == retiring) && my.current != NOBODY && !is_dead(my.current) &&
     ANY(drifted) -> PICK(drifted); row = r_drift
  :: else ->
    if
    :: my.phase == idle -> decide_idle()
    :: my.phase == staged -> decide_staged()
    :: my.phase == publishing -> decide_publishing()
    :: my.phase == grace -> decide_grace()
    :: my.phase == retiring -> decide_retiring()
    fi
  fi
}

#define COPY(to, from) \
  to.seq = from.seq; to.generation = from.generation; to.epoch = from.epoch; to.phase = from.phase; \
  to.current = from.current; to.previous = from.previous; to.pending = from.pending; to.pending_id = from.pending_id; \
  COPY_NOTED(to, from)
#if SINKS == 1
#define COPY_NOTED(to, from) to.noted[0] = from.noted[0]
#else
#define COPY_NOTED(to, from) to.noted[0] = from.noted[0]; to.noted[1] = from.noted[1]
#endif

inline drop_pending() {
  my.phase = idle;
  my.pending = NOBODY;
  my.pending_id = NOBODY
}

inline enter_publishing() {
  my.phase = publishing;
  my.epoch = my.seq + 1
}

/* What the row makes of the document. */
inline change() {
  if
  :: row == r_heal || row == r_due ->
    my.generation++;
    my.pending = my.generation;
    my.pending_id = NOBODY;
    my.phase = staged
  :: row == r_give_up || row == r_lost || row == r_refute -> drop_pending()
  :: row == r_note -> my.pending_id = at
  :: row == r_promote ->
    my.previous = my.current;
    my.current = my.pending_id;
    my.pending = NOBODY;
    my.pending_id = NOBODY;
    enter_publishing()
  :: row == r_swap ->
    at = my.current;
    my.current = my.previous;
    my.previous = at;
#ifdef PLANT_swap_no_epoch
    my.phase = publishing
#else
    enter_publishing()
#endif
  :: row == r_both_dead ->
    if
    :: my.previous == NOBODY -> my.phase = idle
    :: else -> my.phase = retiring
    fi
  :: row == r_settle ->
    if
    :: my.previous == NOBODY -> my.phase = idle
    :: else -> my.phase = grace
    fi;
    my.noted[0] = seen[0].version;
#if SINKS > 1
    my.noted[1] = seen[1].version;
#endif
  :: row == r_moved -> enter_publishing()
  :: row == r_retire -> my.phase = retiring
  :: row == r_retired ->
    my.phase = idle;
    my.previous = NOBODY
  :: else -> skip /* confirmed as it is */
  fi
}

inline begin_grace() {
  fresh[0] = 0;
#if SINKS > 1
  fresh[1] = 0;
#endif
  skip
}

/* What the promises remember of a change that was made. */
inline remember() {
  if
  :: row == r_promote || row == r_swap ->
    was_current[value_of(state.current)] = 1;
    assert(works(value_of(state.current)) || row == r_promote) /* S1: what is known to be refused is not published */
  :: else
  fi;
  if
#ifdef PLANT_grace_from_publishing
  :: row == r_promote -> begin_grace()
#else
  :: row == r_settle -> begin_grace()
#endif
  :: else
  fi;
  if
  :: row == r_retire ->
    /* S5: the successor is in every sink, proven, and every consumer had the time to read it. */
    assert(sink[0].value == value_of(state.current) && sink[SINKS - 1].value == value_of(state.current));
    assert(grace_over == state.epoch);
    assert(works(value_of(state.current)));
    beyond[value_of(state.previous)] = 1
  :: row == r_both_dead && state.previous != NOBODY -> beyond[value_of(state.previous)] = 1
  :: else
  fi;
  if
  :: cost == 1 -> wishes--
  :: cost == 2 -> faults--
  :: else
  fi
}

/* A good protocol ends by itself; a bad one may go on for ever, and is looked at as far as this. */
#define MOST 60
#ifdef PLANTED
#define IS_SMALL (my.seq < MOST - 1)
#else
#define IS_SMALL true
#endif
#ifdef PLANT_no_state_cas
#define IS_STILL_SO IS_SMALL
#else
#define IS_STILL_SO (state.seq == my.seq && IS_SMALL)
#endif

inline compare_and_set() {
  if
  :: IS_STILL_SO && (cost != 1 || wishes > 0) && (cost != 2 || faults > 0) ->
    change();
    my.seq++;
    assert(my.seq < MOST);
#ifdef STALE_HOME
    COPY(old_state, state);
#endif
    COPY(state, my);
    remember();
    was_set = true
  :: else -> was_set = false
  fi
}

inline ask(flies) {
  if
  :: cost == 2 && faults > 0 -> faults--
  :: else
  fi;
  flies = 1
}

/* Puts the write of current into the bag, under the version that was read. A full bag loses it. */
inline send_write() {
  w = 0;
  do
  :: w < BAG ->
    if
    :: !writes[at * BAG + w].used ->
      writes[at * BAG + w].used = 1;
      writes[at * BAG + w].value = value_of(my.current);
      writes[at * BAG + w].stamp = my.epoch;
      writes[at * BAG + w].version = seen[at].version;
      if
      :: NEVER_FITS(at * BAG + w, at) -> FREE(at * BAG + w)
      :: else
      fi;
      break
    :: writes[at * BAG + w].used && writes[at * BAG + w].value == value_of(my.current) &&
       writes[at * BAG + w].stamp == my.epoch && writes[at * BAG + w].version == seen[at].version -> break /* that one is under way */
    :: else -> w++
    fi
  :: else -> break
  od
}

#define is_write (row == r_drift || row == r_publish)
#define is_request (row == r_stray || row == r_create || row == r_enable || row == r_disable || row == r_delete)
#define is_wait (row == r_rest || row == r_await || row == r_stuck || row == r_serve || row == r_unsure)

inline act() {
  if
  :: is_wait -> skip
  :: is_request ->
    if
    :: row == r_create -> ask(create_flies[my.pending])
    :: row == r_enable -> ask(enable_flies[at])
    :: row == r_disable -> ask(disable_flies[at])
    :: else -> ask(delete_flies[at])
    fi
  :: is_write ->
#if defined(STALE_HOME) && !defined(PLANT_no_confirm)
    if
    :: confirms > 0 -> confirms--; compare_and_set()
    :: else
    fi;
    if
    :: was_set -> d_step { send_write(); skip }
    :: else
    fi
#else
    d_step { send_write(); skip }
#endif
  :: else -> compare_and_set()
  fi
}

#define READ(s) seen[s].value = sink[s].value; seen[s].stamp = sink[s].stamp; seen[s].version = sink[s].version

/* A round leaves nothing behind: memory is nothing (rule 1). */
inline forget() {
  my.seq = 0; my.generation = 0; my.epoch = 0; my.phase = idle;
  my.current = 0; my.previous = 0; my.pending = 0; my.pending_id = 0;
  my.noted[0] = 0; seen[0].value = 0; seen[0].stamp = 0; seen[0].version = 0;
#if SINKS > 1
  my.noted[1] = 0; seen[1].value = 0; seen[1].stamp = 0; seen[1].version = 0;
#endif
  at = 0; cost = 0; row = r_rest; was_set = false
}

inline read_sinks() {
  d_step { READ(0) };
#if SINKS > 1
  d_step { READ(1) };
#endif
  skip
}

inline read_state() {
#ifdef STALE_HOME
  if
  :: d_step { COPY(my, state) }
  :: d_step { old_state.seq > 0 -> COPY(my, old_state) }
  fi
#else
  d_step { COPY(my, state) }
#endif
}

proctype rotator() {
  document my;
  store seen[SINKS];
  mtype row;
  byte at, cost;
  bool was_set;
  d_step { forget() };
end:
  do
  :: atomic {
#ifdef LOCAL
#ifndef PLANT_no_lock
       lock == NOBODY -> lock = _pid;
#endif
#endif
       LOOKS;
#ifdef PLANT_state_first
       read_state()
#else
       read_sinks()
#endif
     };
#if defined(LOCAL) && !defined(PLANT_no_mark_wait)
     if
     :: mark -> atomic { !ANY_UNDER_WAY -> mark = 0; read_sinks() } /* W is over */
     :: !mark
     fi;
#endif
#ifdef PLANT_state_first
     read_sinks();
#else
     read_state();
#endif
     atomic { decide() };
     atomic { act(); CHECK();
#ifdef LOCAL
       if
       :: is_write -> mark = 1
       :: else
       fi
#endif
     };
#ifdef LOCAL
     if
     :: is_write && !ANY_UNDER_WAY -> mark = 0 /* answered */
     :: is_write -> skip                       /* this process dies: its mark stays */
     :: !is_write
     fi;
#endif
     d_step {
       LOOKED;
#if defined(LOCAL) && !defined(PLANT_no_lock)
       lock = NOBODY;
#endif
       forget() }
  od
}

init {
  atomic {
    byte n = 0;
    do
    :: n < IDS -> key[n] = key_absent; n++
    :: else -> break
    od;
    key[0] = key_active;
    key[OTHER] = key_active;
    proven[0] = 1;
    was_current[0] = 1;
    state.phase = idle;
    state.seq = 1;
    state.previous = NOBODY;
    state.pending = NOBODY;
    state.pending_id = NOBODY;
    sink[0].version = 1;
#if SINKS > 1
    sink[1].version = 1;
#endif
    n = 0;
    do
    :: n < VALUES -> run creates(n); n++
    :: else -> break
    od;
    n = 0;
    do
    :: n <= IDS -> run changes(n); n++
    :: else -> break
    od;
    n = 0;
    do
    :: n < SINKS -> run consumer(n); run lands(n, n * BAG); run lands(n, n * BAG + 1); n++
    :: else -> break
    od;
    run clock();
    n = 0;
    do
    :: n < ROTATORS -> run rotator(); n++
    :: else -> break
    od;
#if HANDS > 0
    run person();
#endif
    n = 0
  }
}

/* L1: once the budgets of faults and wishes are spent, everything comes to rest, and nothing is left over. */
#ifdef ENDS
#define used_up(id) (key[id] == key_absent || key[id] == key_gone || state.current == (id))
#if VALUES == 2
#define nothing_left (used_up(0) && used_up(1) && used_up(2) && used_up(3))
#else
#define nothing_left (used_up(0) && used_up(1) && used_up(2) && used_up(3) && used_up(4) && used_up(5))
#endif
#define at_rest (state.phase == idle && nothing_left && sink[0].value == value_of(state.current))
ltl comes_to_rest { <>[] at_rest }
#endif
