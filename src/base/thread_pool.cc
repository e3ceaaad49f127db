#include "base/thread_pool.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>
#include <thread>

#include "intact/base/threads.h"

#ifdef __unix__
#include <pthread.h>
#endif

namespace intact {
namespace {

using Body = void (*)(const void*, int64_t, int64_t);

constexpr int kMostThreads = 64;
constexpr int64_t kMostParts = std::numeric_limits<uint32_t>::max() / 2;
constexpr uint32_t kClosed = std::numeric_limits<uint32_t>::max();
constexpr int64_t kClaimsAThread = 16;  // of small parts; fewer claims cost less
constexpr auto kSpinTime = std::chrono::microseconds(50);

thread_local bool is_busy = false;  // inside a body, or claiming one

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Polls for as long as a wake-up costs, then gives the core away.
template <class Ready>
bool poll(const Ready& ready, bool may_spin) {
  if (ready()) {
    return true;
  }
  if (!may_spin) {
    return false;
  }
  const auto end = std::chrono::steady_clock::now() + kSpinTime;
  do {
    for (int i = 0; i < 16; ++i) {
      if (ready()) {
        return true;
      }
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

/// One job at a time. Each thread owns a share of the parts, the same for every job of that size,
/// so that what it wrote is in its cache when the next job reads it; done with its own, it takes
/// from the others'.
class ThreadPool {
 public:
  void run(int64_t parts, Body body, const void* context, int threads) {
    start_workers(threads - 1);
    open_job(parts, body, context, threads);
    job_.notify_all();
    is_busy = true;
    claim_from_all(0);
    is_busy = false;
    const auto total = static_cast<uint32_t>(parts);
    const auto is_done = [&] { return done_.load(std::memory_order_acquire) == total; };
    if (!poll(is_done, may_spin_)) {
      for (uint32_t done = done_.load(); done != total; done = done_.load()) {
        done_.wait(done);
      }
    }
  }

  std::mutex& mutex() { return mutex_; }

 private:
  /// The job's number in the upper half, the next part to claim in the lower: a claim for a job
  /// that is over cannot succeed.
  struct alignas(64) Share {
    std::atomic<uint64_t> ticket = kClosed;
  };

  static uint64_t ticket_of(uint32_t job, uint32_t next) { return uint64_t{job} << 32 | next; }

  static int64_t first_part(int64_t parts, int64_t threads, int64_t share) {
    return parts * share / threads;
  }

  void start_workers(int count) {
    for (; workers_ < count; ++workers_) {
      std::thread([this, worker = workers_ + 1] { work(worker); }).detach();
    }
    may_spin_ = count < cores_;
  }

  void open_job(int64_t parts, Body body, const void* context, int threads) {
    const uint32_t job = job_.load(std::memory_order_relaxed) + 1;
    for (Share& share : shares_) {  // a late thread that reads fields of this job claims nothing
      share.ticket.store(ticket_of(job, kClosed), std::memory_order_release);
    }
    body_.store(body, std::memory_order_release);
    context_.store(context, std::memory_order_release);
    parts_.store(parts, std::memory_order_release);
    threads_.store(threads, std::memory_order_release);
    done_.store(0, std::memory_order_release);
    for (int i = 0; i < threads; ++i) {
      const auto first = static_cast<uint32_t>(first_part(parts, threads, i));
      shares_[static_cast<size_t>(i)].ticket.store(ticket_of(job, first),
                                                   std::memory_order_release);
    }
    job_.store(job);
  }

  void claim_from_all(int self) {
    const int threads = threads_.load(std::memory_order_acquire);
    for (int i = 0; self < threads && i < threads; ++i) {
      claim_from((self + i) % threads);
    }
  }

  void claim_from(int share) {
    std::atomic<uint64_t>& ticket = shares_[static_cast<size_t>(share)].ticket;
    for (uint64_t seen = ticket.load(std::memory_order_acquire);;) {
      const int64_t parts = parts_.load(std::memory_order_acquire);
      const int threads = threads_.load(std::memory_order_acquire);
      const Body body = body_.load(std::memory_order_acquire);
      const void* context = context_.load(std::memory_order_acquire);
      const int64_t next = static_cast<uint32_t>(seen);
      const int64_t last = first_part(parts, threads, share + 1);
      if (next >= last) {
        return;
      }
      const int64_t grain = std::max<int64_t>(1, parts / threads / kClaimsAThread);
      const int64_t end = std::min(last, next + grain);
      if (!ticket.compare_exchange_weak(
              seen,
              ticket_of(static_cast<uint32_t>(seen >> 32), static_cast<uint32_t>(end)),
              std::memory_order_acq_rel,
              std::memory_order_acquire)) {
        continue;
      }
      body(context, next, end);
      const auto count = static_cast<uint32_t>(end - next);
      if (done_.fetch_add(count, std::memory_order_acq_rel) + count ==
          static_cast<uint32_t>(parts)) {
        done_.notify_one();
      }
      seen = ticket.load(std::memory_order_acquire);
    }
  }

  void work(int self) {
    is_busy = true;
    for (uint32_t seen = 0;;) {
      const auto has_job = [&] { return job_.load(std::memory_order_acquire) != seen; };
      if (!poll(has_job, may_spin_)) {
        job_.wait(seen);
      }
      seen = job_.load(std::memory_order_acquire);
      claim_from_all(self);
    }
  }

  std::mutex mutex_;
  const int cores_ = static_cast<int>(std::thread::hardware_concurrency());
  int workers_ = 0;
  std::atomic<bool> may_spin_ = true;
  alignas(64) std::atomic<uint32_t> job_ = 0;
  std::atomic<Body> body_ = nullptr;
  std::atomic<const void*> context_ = nullptr;
  std::atomic<int64_t> parts_ = 0;
  std::atomic<int> threads_ = 1;
  alignas(64) std::atomic<uint32_t> done_ = 0;
  std::array<Share, kMostThreads> shares_;
};

/// Never destroyed: workers may outlive static objects.
std::atomic<ThreadPool*> the_pool = nullptr;

ThreadPool& pool() {
  static std::once_flag once;
  std::call_once(once, [] {
    the_pool = new ThreadPool;
#ifdef __unix__
    // A forked child has none of the workers.
    pthread_atfork(nullptr, nullptr, [] { the_pool = new ThreadPool; });
#endif
  });
  return *the_pool;
}

}  // namespace

void run_on_threads(int64_t parts, Body body, const void* context) {
  const auto threads = static_cast<int>(std::min<int64_t>({parts, thread_count(), kMostThreads}));
  if (threads <= 1 || is_busy || parts > kMostParts) {
    return body(context, 0, parts);
  }
  ThreadPool& shared = pool();
  const std::unique_lock lock(shared.mutex(), std::try_to_lock);
  if (!lock.owns_lock()) {
    return body(context, 0, parts);
  }
  shared.run(parts, body, context, threads);
}

}  // namespace intact
