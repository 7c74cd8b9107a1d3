// SPDX-License-Identifier: Apache-2.0
// Watches a piece of code for allocations, locks and system calls.
#include "guard.hpp"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>

namespace {

// Plain pointers without a destructor, which may be read before and after main().
thread_local realtime_test::calls* watching = nullptr;

void count_allocation() {
  if (watching != nullptr) ++watching->allocations;
}

void count_lock() {
  if (watching != nullptr) ++watching->locks;
}

/// The C library's function behind one of this file. The locks' functions are looked up at each call, because a
/// function-local static could take a lock itself.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// glibc's own names for its allocator.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);

void* malloc(size_t size) noexcept {
  count_allocation();
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) noexcept {
  count_allocation();
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) noexcept {
  count_allocation();
  return __libc_realloc(memory, size);
}
void free(void* memory) noexcept {
  count_allocation();
  __libc_free(memory);
}
void* memalign(size_t alignment, size_t size) noexcept {
  count_allocation();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) noexcept {
  count_allocation();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) noexcept {
  count_allocation();
  void* const found = __libc_memalign(alignment, size);
  if (found == nullptr) return ENOMEM;
  *memory = found;
  return 0;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  count_lock();
  return next<int(pthread_mutex_t*)>("pthread_mutex_lock")(mutex);
}
int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  count_lock();
  return next<int(pthread_mutex_t*)>("pthread_mutex_trylock")(mutex);
}
int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  count_lock();
  return next<int(pthread_rwlock_t*)>("pthread_rwlock_rdlock")(lock);
}
int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  count_lock();
  return next<int(pthread_rwlock_t*)>("pthread_rwlock_wrlock")(lock);
}
int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  count_lock();
  return next<int(pthread_spinlock_t*)>("pthread_spin_lock")(lock);
}
int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  count_lock();
  return next<int(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait")(condition, mutex);
}
int sem_wait(sem_t* semaphore) {
  count_lock();
  return next<int(sem_t*)>("sem_wait")(semaphore);
}
}

namespace realtime_test {

watch::watch(calls& into) {
  into = {};
  watching = &into;
}
watch::~watch() { watching = nullptr; }

namespace {

constexpr int no_filter = 2;

/// The kernel ends the process with SIGSYS at any system call except exit. Numbers of another architecture's calls do
/// not matter, because none of them could do more than be refused or exit.
bool refuse_system_calls() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog filter = {sizeof program / sizeof program[0], program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

}  // namespace

child_end without_system_calls(bool (*code)(void*), void* argument) {
  const pid_t child = fork();
  if (child < 0) return child_end::not_possible;
  if (child == 0) {
    // exit() would flush files and end with exit_group, which the filter refuses.
    if (!refuse_system_calls()) _exit(no_filter);
    syscall(SYS_exit, code(argument) ? 0 : 1);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) return child_end::other;
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGSYS ? child_end::system_call : child_end::other;
  if (!WIFEXITED(status)) return child_end::other;
  switch (WEXITSTATUS(status)) {
    case 0: return child_end::good;
    case 1: return child_end::bad;
    case no_filter: return child_end::not_possible;
    default: return child_end::other;
  }
}

}  // namespace realtime_test
