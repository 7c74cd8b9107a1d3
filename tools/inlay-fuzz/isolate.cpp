// SPDX-License-Identifier: Apache-2.0
// Runs trials in child processes, which report through shared memory.
#include "isolate.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace inlay::fuzz {
namespace {

/// The number of trials after which a new process replaces a child.
constexpr std::uint64_t kTrialsPerProcess = 200;

/// What a child tells its parent. `index` is the trial that it is running.
struct report {
  std::atomic<std::uint64_t> index;
  std::atomic<bool> finished;
  finding what;
  statistics counts;
  char text[4000];
};

class shared_report {
 public:
  shared_report() {
    void* memory = mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    errors_ = static_cast<int>(memfd_create("inlay-fuzz-errors", MFD_CLOEXEC));
    if (memory == MAP_FAILED || errors_ < 0) {
      std::perror("inlay-fuzz");
      std::exit(2);
    }
    report_ = new (memory) report{};
  }
  shared_report(const shared_report&) = delete;
  shared_report& operator=(const shared_report&) = delete;
  ~shared_report() {
    munmap(static_cast<void*>(report_), sizeof(report));
    close(errors_);
  }

  report* operator->() const { return report_; }
  void clear() {
    report_->finished = false, report_->what = finding::none, report_->text[0] = 0;
    forget_errors();
  }
  void forget_errors() { [[maybe_unused]] const int done = ftruncate(errors_, 0); }
  int errors() const { return errors_; }

  void write(const verdict& v) {
    report_->what = v.what;
    std::snprintf(report_->text, sizeof report_->text, "%s", v.text.c_str());
  }

  /// What the child wrote to its standard error.
  std::string error_text() const {
    char buffer[1500];
    const ssize_t size = pread(errors_, buffer, sizeof buffer, 0);
    return size <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(size));
  }

  /// The verdict on trial report_->index, whose child ended with `status`.
  verdict read(int status) const {
    verdict v{report_->what, report_->text, {}};
    if (WIFSIGNALED(status)) {
      const int signal = WTERMSIG(status);
      v.what = signal == SIGPROF || signal == SIGXCPU ? finding::timeout : finding::crash;
      v.text = v.what == finding::timeout ? "the trial takes too long" : std::string("signal ") + strsignal(signal);
    } else if (!report_->finished) {
      v.what = finding::crash;
      v.text = "the process ended with exit code " + std::to_string(WEXITSTATUS(status));
    }
    if (v.what != finding::none)
      if (const std::string errors = error_text(); !errors.empty()) v.text += "\n" + errors;
    return v;
  }

 private:
  report* report_;
  int errors_;
};

void limit_memory(const isolation& limits) {
  std::uint64_t mapped = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    unsigned long long pages = 0;
    if (std::fscanf(file, "%llu", &pages) == 1) mapped = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    std::fclose(file);
  }
  const rlimit most{mapped + limits.memory, mapped + limits.memory};
  setrlimit(RLIMIT_AS, &most);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
}

/// Ends this process after `seconds` of CPU time.
void limit_time(double seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(timer.it_value.tv_sec)) * 1e6);
  setitimer(ITIMER_PROF, &timer, nullptr);
}

/// The child process: runs trials from `report->index` to `last` until one fails.
[[noreturn]] void child(shared_report& to, std::uint64_t last, const trial_settings& settings, const isolation& limits,
                        const trial* only) {
  dup2(to.errors(), STDERR_FILENO);
  lseek(STDERR_FILENO, 0, SEEK_SET);
  fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_APPEND);
  limit_memory(limits);
  std::signal(SIGPROF, SIG_DFL);
  while (true) {
    limit_time(limits.seconds);
    to.forget_errors();
    const verdict v = run_trial(only ? *only : draw_trial(settings, to->index), settings);
    to->counts.add(v.counts);
    if (v.what != finding::none) {
      to.write(v);
      break;
    }
    if (only || to->index + 1 >= last) break;
    ++to->index;
  }
  to->finished = true;
  _exit(0);
}

pid_t start(shared_report& to, std::uint64_t last, const trial_settings& settings, const isolation& limits,
            const trial* only = nullptr) {
  to.clear();
  std::fflush(nullptr);
  const pid_t process = fork();
  if (process < 0) {
    std::perror("inlay-fuzz: fork");
    std::exit(2);
  }
  if (process == 0) child(to, last, settings, limits, only);
  return process;
}

/// One of the campaign's processes, and its remaining trials.
struct worker {
  shared_report shared;
  pid_t process = 0;
  std::uint64_t next = 0, last = 0;
};

}  // namespace

verdict run_isolated(const trial& t, const trial_settings& settings, const isolation& limits) {
  shared_report shared;
  const pid_t process = start(shared, 1, settings, limits, &t);
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  verdict v = shared.read(status);
  v.counts = shared->counts;
  return v;
}

statistics run_campaign(const campaign& plan, const trial_settings& settings, const isolation& limits) {
  using clock = std::chrono::steady_clock;
  std::vector<std::unique_ptr<worker>> workers;
  for (unsigned i = 0; i < plan.jobs; ++i) workers.push_back(std::make_unique<worker>());
  statistics done;
  std::uint64_t next = plan.first;
  const std::uint64_t end = plan.first + plan.count;
  bool stopped = false;
  auto last_progress = clock::now();
  const auto harvest = [&](worker& w) {
    done.add(w.shared->counts);
    w.shared->counts = {};
  };
  while (true) {
    bool busy = false;
    for (auto& w : workers) {
      if (w->process == 0 && !stopped) {
        if (w->next >= w->last && next < end) {
          w->next = next, w->last = next = std::min(end, next + kTrialsPerProcess);
        }
        if (w->next < w->last) {
          w->shared->index = w->next;
          w->process = start(w->shared, w->last, settings, limits);
        }
      }
      if (w->process == 0) continue;
      int status = 0;
      if (waitpid(w->process, &status, WNOHANG) == w->process) {
        w->process = 0;
        const std::uint64_t at = w->shared->index;
        harvest(*w);
        const verdict v = w->shared.read(status);
        w->next = at + 1;
        if (v.what != finding::none && !plan.failed(at, v)) stopped = true;
      }
      busy = true;
    }
    if (!busy) break;
    if (stopped) {
      for (auto& w : workers)
        if (w->process != 0) {
          kill(w->process, SIGKILL);
          waitpid(w->process, nullptr, 0);
          w->process = 0, harvest(*w);
        }
      break;
    }
    if (clock::now() - last_progress > std::chrono::seconds(1)) {
      last_progress = clock::now();
      statistics now = done;
      for (auto& w : workers) now.add(w->shared->counts);
      if (!plan.progress(now)) stopped = true;
    }
    usleep(2000);
  }
  return done;
}

}  // namespace inlay::fuzz
