/* A server on one thread: each conversation is a guest function that simply reads and writes, and waits in
 * the middle of it.
 *
 * The guest is one instance. `serve` runs once for each conversation, as a continuation; when it calls
 * `read`, the host function suspends it and control is back in the event loop below, which resumes it when
 * there is something to read. A conversation that waits costs what its frames need, less than a kilobyte, and
 * no thread. What a conversation remembers, here a sum, is in its local variables.
 *
 *   cc server.c $(pkg-config --cflags --libs heddle) && ./a.out [CONVERSATIONS] [ROUNDS]
 *
 * The load comes from this process too, over socket pairs: each round every conversation gets a number, in
 * two pieces, and answers with the sum of its numbers. A packet is the conversation's number and its bytes;
 * where `ulimit -n` allows two descriptors for each conversation, each has a pair of its own, otherwise they
 * share. */
#include <heddle.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

static const char wat[] =
    "(module"
    "  (import \"host\" \"read\" (func $read (param i32 i32 i32) (result i32)))"
    "  (import \"host\" \"write\" (func $write (param i32 i32 i32) (result i32)))"
    "  (memory (export \"memory\") 1)"
    "  (func $read_all (param $id i32) (param $at i32) (param $size i32) (result i32) (local $n i32)"
    "    (loop $more"
    "      (local.set $n (call $read (local.get $id) (local.get $at) (local.get $size)))"
    "      (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))"
    "      (local.set $at (i32.add (local.get $at) (local.get $n)))"
    "      (br_if $more (local.tee $size (i32.sub (local.get $size) (local.get $n)))))"
    "    (i32.const 1))"
    "  (func (export \"serve\") (param $id i32) (param $at i32) (result i64) (local $sum i64)"
    "    (loop $next"
    "      (if (i32.eqz (call $read_all (local.get $id) (local.get $at) (i32.const 8)))"
    "        (then (return (local.get $sum))))"
    "      (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))"
    "      (i64.store (local.get $at) (local.get $sum))"
    "      (drop (call $write (local.get $id) (local.get $at) (i32.const 8)))"
    "      (br $next))"
    "    (unreachable)))";

enum { EVENTS = 256, BUFFER = 8, PAGE = 65536 };

struct packet {
  uint32_t id;
  char bytes[12];
};
struct conversation {
  heddle_ref_t waits; /* what is left to run of it */
  uint32_t at, size;  /* what it wants to read or write */
};
struct server {
  heddle_store_t *store;
  heddle_memory_t memory;
  heddle_tag_t tag; /* (id, at, size, writing) -> how many bytes */
  struct conversation *all;
  uint32_t *blocked; /* of a socket: 1 + the conversation that waits until it can write, else 0 */
  int *fds, *peers, epoll, client_epoll;
  uint32_t nsockets, open;
  uint64_t total; /* of what the conversations returned */
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void check(heddle_error_t *error) {
  if (!error) return;
  heddle_str_t message = heddle_error_message(error);
  fprintf(stderr, "error: %.*s\n", (int)message.len, message.data);
  exit(1);
}

/* ---- what the guest calls ---- */

static heddle_error_t *suspend(struct server *s, heddle_caller_t *caller, const heddle_val_t *args,
                               int32_t writing) {
  heddle_val_t payload[] = {args[0], args[1], args[2], {.type = HEDDLE_I32, .of.i32 = writing}};
  return heddle_host_suspend(caller, s->tag, payload, 4);
}

static heddle_error_t *host_read(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                                 heddle_val_t *results, size_t nresults) {
  (void)nargs, (void)results, (void)nresults;
  return suspend(env, caller, args, 0);
}

/* Bytes written, or -1 when the socket takes nothing now. */
static int32_t send_packet(struct server *s, uint32_t id, uint32_t at, uint32_t size) {
  struct packet packet = {.id = id};
  size_t len;
  const uint8_t *data = heddle_memory_data(s->store, s->memory, &len);
  if (size > sizeof packet.bytes) size = sizeof packet.bytes;
  if (at > len || size > len - at) return 0;
  memcpy(packet.bytes, data + at, size);
  if (send(s->fds[id % s->nsockets], &packet, 4 + size, MSG_DONTWAIT) >= 0) return (int32_t)size;
  if (errno != EAGAIN) fail("send");
  return -1;
}

static heddle_error_t *host_write(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                                  heddle_val_t *results, size_t nresults) {
  (void)nargs, (void)nresults;
  int32_t n = send_packet(env, (uint32_t)args[0].of.i32, (uint32_t)args[1].of.i32, (uint32_t)args[2].of.i32);
  if (n < 0) return suspend(env, caller, args, 1);
  results[0].of.i32 = n;
  return NULL;
}

/* ---- the event loop ---- */

static void socket_watch(struct server *s, uint32_t socket, uint32_t events, int op) {
  struct epoll_event event = {.events = events, .data.u32 = socket};
  if (epoll_ctl(s->epoll, op, s->fds[socket], &event)) fail("epoll_ctl");
}

/* Runs a conversation until it waits again or has ended. */
static void conversation_resume(struct server *s, uint32_t id, const heddle_val_t *args, size_t nargs) {
  struct conversation *c = &s->all[id];
  heddle_ref_t cont = c->waits;
  heddle_outcome_t outcome;
  heddle_suspension_t suspension;
  heddle_val_t result;
  size_t scope = heddle_scope_open(s->store);
  check(heddle_cont_resume(s->store, cont, &s->tag, 1, args, nargs, &result, 1, &outcome, &suspension));
  heddle_unroot(s->store, cont);
  if (outcome == HEDDLE_RETURNED) {
    s->total += (uint64_t)result.of.i64;
    s->open--;
  } else {
    c->at = (uint32_t)suspension.payload[1].of.i32;
    c->size = (uint32_t)suspension.payload[2].of.i32;
    if (suspension.payload[3].of.i32) {
      s->blocked[id % s->nsockets] = id + 1;
      socket_watch(s, id % s->nsockets, EPOLLOUT, EPOLL_CTL_MOD);
    }
    check(heddle_root(s->store, suspension.cont, &c->waits));
  }
  heddle_scope_close(s->store, scope);
}

static void conversation_begin(struct server *s, heddle_func_t serve, uint32_t id) {
  const heddle_val_t args[] = {{.type = HEDDLE_I32, .of.i32 = (int32_t)id},
                               {.type = HEDDLE_I32, .of.i32 = (int32_t)(id * BUFFER)}};
  size_t scope = heddle_scope_open(s->store);
  heddle_ref_t cont;
  check(heddle_cont_new(s->store, serve, &cont));
  check(heddle_root(s->store, cont, &s->all[id].waits));
  heddle_scope_close(s->store, scope);
  conversation_resume(s, id, args, 2);
}

/* What came for the conversations of one socket, or room to write for the one that waits for it. */
static void socket_serve(struct server *s, uint32_t socket) {
  while (s->blocked[socket]) {
    uint32_t id = s->blocked[socket] - 1;
    heddle_val_t n = {.type = HEDDLE_I32, .of.i32 = send_packet(s, id, s->all[id].at, s->all[id].size)};
    if (n.of.i32 < 0) return;
    s->blocked[socket] = 0;
    socket_watch(s, socket, EPOLLIN, EPOLL_CTL_MOD);
    conversation_resume(s, id, &n, 1);
  }
  struct packet packet;
  ssize_t size;
  while (!s->blocked[socket] && (size = recv(s->fds[socket], &packet, sizeof packet, MSG_DONTWAIT)) >= 4) {
    struct conversation *c = &s->all[packet.id];
    size_t len, n = (size_t)size - 4;
    uint8_t *data = heddle_memory_data(s->store, s->memory, &len);
    if (n > c->size || c->at > len || n > len - c->at) n = 0; /* the guest's pointer is not trusted */
    memcpy(data + c->at, packet.bytes, n);
    conversation_resume(s, packet.id, &(heddle_val_t){.type = HEDDLE_I32, .of.i32 = (int32_t)n}, 1);
  }
}

/* Serves what there is. Whether there was anything. */
static bool server_turn(struct server *s) {
  struct epoll_event events[EVENTS];
  int n = epoll_wait(s->epoll, events, EVENTS, 0);
  if (n < 0) fail("epoll_wait");
  for (int i = 0; i < n; i++)
    socket_serve(s, events[i].data.u32);
  return n > 0;
}

/* ---- the load ---- */

static void client_send(struct server *s, uint32_t id, const void *bytes, size_t size) {
  struct packet packet = {.id = id};
  memcpy(packet.bytes, bytes, size);
  while (send(s->peers[id % s->nsockets], &packet, 4 + size, MSG_DONTWAIT) < 0) {
    if (errno != EAGAIN) fail("send");
    if (!server_turn(s)) fail("the server does not read");
  }
}

/* The answers that have come; how many. */
static uint32_t client_receive(struct server *s, uint64_t *sums) {
  uint32_t count = 0;
  struct packet packet;
  struct epoll_event events[EVENTS];
  int n = epoll_wait(s->client_epoll, events, EVENTS, 0);
  for (int i = 0; i < n; i++)
    while (recv(events[i].data.fd, &packet, sizeof packet, MSG_DONTWAIT) == 12)
      memcpy(&sums[packet.id], packet.bytes, 8), count++;
  return count;
}

/* Processor time. */
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void sockets_make(struct server *s, uint32_t n) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  uint64_t pairs = limit.rlim_cur > 128 ? (limit.rlim_cur - 64) / 2 : 32;
  s->nsockets = pairs < n ? (uint32_t)pairs : n;
  s->fds = calloc(s->nsockets, sizeof *s->fds);
  s->peers = calloc(s->nsockets, sizeof *s->peers);
  s->blocked = calloc(s->nsockets, sizeof *s->blocked);
  s->epoll = epoll_create1(EPOLL_CLOEXEC);
  s->client_epoll = epoll_create1(EPOLL_CLOEXEC);
  if (!s->fds || !s->peers || !s->blocked || s->epoll < 0 || s->client_epoll < 0) fail("sockets");
  for (uint32_t i = 0; i < s->nsockets; i++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) fail("socketpair");
    s->fds[i] = pair[0], s->peers[i] = pair[1];
    socket_watch(s, i, EPOLLIN, EPOLL_CTL_ADD);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = pair[1]};
    if (epoll_ctl(s->client_epoll, EPOLL_CTL_ADD, pair[1], &event)) fail("epoll_ctl");
  }
}

int main(int argc, char **argv) {
  uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000;
  uint32_t rounds = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 3;
  struct server s = {.all = calloc(n, sizeof *s.all)};
  uint64_t *sums = calloc(n, sizeof *sums);
  if (!n || !s.all || !sums) return fprintf(stderr, "usage: server [CONVERSATIONS] [ROUNDS]\n"), 2;
  sockets_make(&s, n);

  static const heddle_valtype_t four[] = {HEDDLE_I32, HEDDLE_I32, HEDDLE_I32, HEDDLE_I32};
  static const heddle_functype_t io_type = {four, 3, four, 1}, tag_type = {four, 4, four, 1};
  heddle_engine_t *engine;
  heddle_module_t *module;
  heddle_bytes_t wasm = {0};
  heddle_instance_t instance;
  heddle_extern_t serve, memory;
  check(heddle_engine_new(NULL, &engine));
  check(heddle_wat_to_wasm(engine, wat, strlen(wat), &wasm));
  check(heddle_module_new(engine, wasm.data, wasm.len, &module));
  check(heddle_store_new(engine, NULL, &s.store));
  check(heddle_tag_new(s.store, &tag_type, &s.tag));
  heddle_linker_t *linker = heddle_linker_new(engine);
  check(heddle_linker_define_func(linker, "host", "read", &io_type, host_read, &s, NULL));
  check(heddle_linker_define_func(linker, "host", "write", &io_type, host_write, &s, NULL));
  check(heddle_instantiate(linker, s.store, module, &instance));
  if (!heddle_instance_export(s.store, instance, (heddle_str_t){"serve", 5}, &serve) ||
      !heddle_instance_export(s.store, instance, (heddle_str_t){"memory", 6}, &memory))
    return 1;
  s.memory = memory.of.memory;
  uint64_t old;
  check(heddle_memory_grow(s.store, s.memory, (uint64_t)n * BUFFER / PAGE, &old));

  double begin = now();
  for (uint32_t id = 0; id < n; id++, s.open++)
    conversation_begin(&s, serve.of.func, id);
  printf("%u conversations wait on %u sockets, after %.0f ms\n", s.open, s.nsockets, (now() - begin) * 1e3);
  begin = now();
  for (uint32_t round = 1; round <= rounds; round++) {
    uint32_t answers = 0;
    for (int half = 0; half < 2; half++)
      for (uint32_t id = 0; id < n; id++) {
        uint64_t number = (uint64_t)id * round;
        client_send(&s, id, (const char *)&number + half * 3, half ? 5 : 3);
        if (id % EVENTS == 0) server_turn(&s), answers += client_receive(&s, sums);
      }
    while (answers < n)
      server_turn(&s), answers += client_receive(&s, sums);
    for (uint32_t id = 0; id < n; id++)
      if (sums[id] != (uint64_t)id * round * (round + 1) / 2) return fprintf(stderr, "wrong answer\n"), 1;
  }
  double seconds = now() - begin;
  for (uint32_t id = 0; id < n; id++)
    client_send(&s, id, "", 0);
  while (s.open && server_turn(&s))
    continue;
  uint64_t expected = (uint64_t)n * (n - 1) / 2 * rounds * (rounds + 1) / 2;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%u rounds answered rightly, %.1f us of processor time a request; %u are open, total %s; peak "
         "memory %ld MB\n",
         rounds, seconds * 1e6 / n / rounds, s.open, s.total == expected ? "right" : "wrong",
         usage.ru_maxrss / 1000);

  heddle_linker_delete(linker);
  heddle_store_delete(s.store);
  heddle_module_delete(module);
  heddle_bytes_delete(&wasm);
  heddle_engine_delete(engine);
  free(s.all), free(sums), free(s.fds), free(s.peers), free(s.blocked);
  return s.open || s.total != expected;
}
