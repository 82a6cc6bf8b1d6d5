#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

#include "clock_shift.h"

static time_t shift(void) {
    static time_t seconds;
    static int is_known;
    if (!is_known) {
        const char *text = getenv("CLOCK_SHIFT");
        seconds = text ? atol(text) : 0;
        is_known = 1;
    }
    return seconds;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = NEXT(clock_gettime)(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        now->tv_sec += shift();
    }
    return result;
}

int timespec_get(struct timespec *now, int base) {
    int result = NEXT(timespec_get)(now, base);
    if (result == TIME_UTC) now->tv_sec += shift();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int result = NEXT(gettimeofday)(now, zone);
    if (result == 0) now->tv_sec += shift();
    return result;
}

time_t time(time_t *result) {
    time_t now = NEXT(time)(NULL) + shift();
    if (result) *result = now;
    return now;
}

// The kernel's clock is right: a moment that was reckoned from ours is put right before it is
// waited for. One that is small is not of the wall clock.
static struct timespec kernel_time(const struct timespec *moment) {
    struct timespec real = *moment;
    if (real.tv_sec > 1000000000) real.tv_sec -= shift();
    return real;
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
    const struct timespec *restrict moment) {
    // The default version for this name is the old one, which knows another layout.
    static __typeof__(&pthread_cond_timedwait) next;
    if (!next) {
        next = (__typeof__(next))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
        if (!next) next = NEXT(pthread_cond_timedwait);
    }
    struct timespec real = kernel_time(moment);
    return next(condition, mutex, &real);
}

int cnd_timedwait(
    cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict moment) {
    struct timespec real = kernel_time(moment);
    return NEXT(cnd_timedwait)(condition, mutex, &real);
}

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict moment) {
    struct timespec real = kernel_time(moment);
    return NEXT(mtx_timedlock)(mutex, &real);
}

int pthread_mutex_timedlock(
    pthread_mutex_t *restrict mutex, const struct timespec *restrict moment) {
    struct timespec real = kernel_time(moment);
    return NEXT(pthread_mutex_timedlock)(mutex, &real);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict moment) {
    struct timespec real = kernel_time(moment);
    return NEXT(sem_timedwait)(semaphore, &real);
}
