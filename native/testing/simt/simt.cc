#include "testing/simt/simt.h"

#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define SIMT_ASAN 1
#else
#define SIMT_ASAN 0
#endif

namespace simt {

uint3 thread;
uint3 block;

namespace {

constexpr unsigned kWarp = 32;
constexpr size_t kStackBytes = 128 << 10;
constexpr size_t kMostBytes = 16;  // of a shuffled value

enum class State { kReady, kAtWarp, kAtBlock, kDone };

struct Copy {
  void* to;
  const void* from;
  size_t bytes;
};

/** A thread of the block, on a stack of its own. */
struct Fiber {
  ucontext_t context;
  void* stack_pointer = nullptr;
  std::unique_ptr<char[]> stack;
  State state = State::kDone;
  void* fake_stack = nullptr;
  std::vector<Copy> copies;
};

struct Warp {
  unsigned waiting = 0;
  // Two, because a lane may be at the next exchange before another has read this one.
  alignas(16) char values[2][kWarp][kMostBytes];
  unsigned round = 0;
};

struct Block {
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  unsigned count = 0;
  unsigned running = 0;
  unsigned waiting = 0;
  const std::function<void()>* kernel = nullptr;
  std::map<const void*, std::vector<uint64_t>> shared;
};

Block now;
Fiber scheduler;

[[noreturn]] void Stop(const char* what) {
  std::printf("simulated kernel: %s (block %u)\n", what, block.x);
  std::fflush(stdout);
  std::abort();
}

#if defined(__x86_64__)
// Saves what a call must preserve on the stack that is left, and takes it from the other. swapcontext would ask the operating
// system for the signal mask each time.
extern "C" void simt_switch(void** from, void* to);
asm(R"(
.text
.type simt_switch, @function
simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size simt_switch, . - simt_switch
)");

void SwitchStacks(Fiber& from, Fiber& to) { simt_switch(&from.stack_pointer, to.stack_pointer); }

void Prepare(Fiber& fiber, void (*entry)()) {
  // A return address and six registers; the stack is aligned as after a call.
  uintptr_t top = reinterpret_cast<uintptr_t>(fiber.stack.get() + kStackBytes) & ~uintptr_t{15};
  void** stack = reinterpret_cast<void**>(top) - 1;
  *stack = nullptr;
  *--stack = reinterpret_cast<void*>(entry);
  for (int i = 0; i < 6; ++i) *--stack = nullptr;
  fiber.stack_pointer = stack;
}
#else
void SwitchStacks(Fiber& from, Fiber& to) { swapcontext(&from.context, &to.context); }

void Prepare(Fiber& fiber, void (*entry)()) {
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = kStackBytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
}
#endif

/** AddressSanitizer keeps books of stacks, so it is told; it knows the scheduler's from the first switch. */
[[maybe_unused]] const void* scheduler_bottom = nullptr;
[[maybe_unused]] size_t scheduler_bytes = 0;

void ToFiber(Fiber& fiber) {
#if SIMT_ASAN
  __sanitizer_start_switch_fiber(&scheduler.fake_stack, fiber.stack.get(), kStackBytes);
#endif
  SwitchStacks(scheduler, fiber);
#if SIMT_ASAN
  __sanitizer_finish_switch_fiber(scheduler.fake_stack, nullptr, nullptr);
#endif
}

void ToScheduler(Fiber& fiber, [[maybe_unused]] bool for_good) {
#if SIMT_ASAN
  __sanitizer_start_switch_fiber(for_good ? nullptr : &fiber.fake_stack, scheduler_bottom, scheduler_bytes);
#endif
  SwitchStacks(fiber, scheduler);
#if SIMT_ASAN
  __sanitizer_finish_switch_fiber(fiber.fake_stack, nullptr, nullptr);
#endif
}

void Entry() {
#if SIMT_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &scheduler_bottom, &scheduler_bytes);
#endif
  (*now.kernel)();
  Fiber& fiber = now.fibers[thread.x];
  fiber.state = State::kDone;
  --now.running;
  ToScheduler(fiber, true);
}

void Wait(State at) {
  const unsigned self = thread.x;
  now.fibers[self].state = at;
  ToScheduler(now.fibers[self], false);
}

void WakeWarp(unsigned w) {
  now.warps[w].waiting = 0;
  for (unsigned i = w * kWarp; i < (w + 1) * kWarp; ++i) now.fibers[i].state = State::kReady;
}

/** Waits for the other lanes of the warp. */
void MeetWarp() {
  const unsigned w = thread.x / kWarp;
  if (++now.warps[w].waiting == kWarp) {
    ++now.warps[w].round;
    WakeWarp(w);
  } else {
    Wait(State::kAtWarp);
  }
}

void WakeBlockIfAll() {
  if (now.waiting == 0 || now.waiting < now.running) return;
  now.waiting = 0;
  for (unsigned i = 0; i < now.count; ++i) {
    if (now.fibers[i].state == State::kAtBlock) now.fibers[i].state = State::kReady;
  }
}

/** Lets the threads that can go on do so, the warps in an order that `order` chooses. False if there were none. */
bool Turn(unsigned order) {
  bool moved = false;
  const unsigned warps = now.count / kWarp;
  for (unsigned i = 0; i < warps; ++i) {
    // From some warp on, forwards or backwards.
    const unsigned w = (order & 1) ? (warps - 1 - (i + order / 2) % warps) : (i + order / 2) % warps;
    for (unsigned l = 0; l < kWarp; ++l) {
      const unsigned t = w * kWarp + ((order & 2) ? kWarp - 1 - l : l);
      if (now.fibers[t].state != State::kReady) continue;
      thread = {t, 0, 0};
      ToFiber(now.fibers[t]);
      moved = true;
    }
  }
  return moved;
}

unsigned launches = 0;

}  // namespace

void Run(unsigned blocks, unsigned threads, const std::function<void()>& kernel) {
  if (threads == 0 || threads > 1024 || threads % kWarp != 0) Stop("a block has 32 to 1024 threads, a multiple of 32");
  const unsigned order = launches++;
  while (now.fibers.size() < threads) {
    now.fibers.emplace_back();
    now.fibers.back().stack.reset(new char[kStackBytes]);
  }
  now.kernel = &kernel;
  now.count = threads;
  now.warps.assign(threads / kWarp, Warp());
  for (unsigned b = 0; b < blocks; ++b) {
    block = {b, 0, 0};
    now.shared.clear();
    now.running = threads;
    now.waiting = 0;
    for (Warp& warp : now.warps) warp.waiting = 0;
    for (unsigned t = 0; t < threads; ++t) {
      now.fibers[t].state = State::kReady;
      now.fibers[t].copies.clear();
#if SIMT_ASAN
      // The last thread on this stack never returned from its first function.
      __asan_unpoison_memory_region(now.fibers[t].stack.get(), kStackBytes);
#endif
      Prepare(now.fibers[t], Entry);
    }
    while (now.running > 0) {
      const bool moved = Turn(order + b);
      WakeBlockIfAll();
      if (moved) continue;
      bool woken = false;
      for (unsigned t = 0; t < threads; ++t) woken |= now.fibers[t].state == State::kReady;
      if (!woken) Stop("threads wait at a barrier or a shuffle that the others do not reach");
    }
  }
}

void* Shared(const void* tag, size_t bytes) {
  std::vector<uint64_t>& memory = now.shared[tag];
  // NaN in f32 and f64, and a large number as an integer.
  if (memory.empty()) memory.assign((bytes + 15) / 8, 0xffffffffffffffffu);
  // 16-byte vectors may be kept there.
  const uintptr_t start = (reinterpret_cast<uintptr_t>(memory.data()) + 15) & ~uintptr_t{15};
  return reinterpret_cast<void*>(start);
}

void SyncThreads() {
  ++now.waiting;
  Wait(State::kAtBlock);
}

void SyncWarp() { MeetWarp(); }

void CopyLater(void* to, const void* from, size_t bytes) { now.fibers[thread.x].copies.push_back({to, from, bytes}); }

void WaitForCopies() {
  std::vector<Copy>& copies = now.fibers[thread.x].copies;
  for (const Copy& copy : copies) std::memcpy(copy.to, copy.from, copy.bytes);
  copies.clear();
}

void ExchangeXor(void* result, const void* value, size_t bytes, int mask) {
  if (bytes > kMostBytes) Stop("a shuffled value has at most 16 bytes");
  Warp& warp = now.warps[thread.x / kWarp];
  const unsigned lane = thread.x % kWarp;
  char(*values)[kMostBytes] = warp.values[warp.round & 1];
  std::memcpy(values[lane], value, bytes);
  MeetWarp();
  std::memcpy(result, values[lane ^ static_cast<unsigned>(mask)], bytes);
}

}  // namespace simt
