#include "metrics.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/log.h"

enum {
    /* Slots are aligned to pages, and a label's rows to cache lines: workers, and batchers of
       different kinds, do not share lines. */
    PAGE_BYTES = 4096,
    LINE_CELLS = 8,
    /* How often the file is opened again after others replaced it. */
    TRIES_MAX = 8
};

static const char magic[16] = "flashsale 1";
enum { MAGIC_NAME_BYTES = 10 }; /* the part of it that every version's file begins with */

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock would not work between processes");

struct header {
    char magic[sizeof magic];
    uint64_t layout; /* a hash of the cells' meaning */
    uint64_t bytes;  /* of the whole file */
};

struct worker_slot {
    _Atomic int64_t started_us; /* 0: never used */
    _Atomic int64_t pid;        /* 0: a version that does not store it */
    int64_t unused[LINE_CELLS - 2];
    _Atomic int64_t cells[];
};

/* The cells of a metric in a worker slot: one or more cache lines for each row of the first label.
 */
struct block {
    size_t offset; /* in cells */
    size_t stride; /* to the first label's next row */
    size_t width;  /* to the second label's next row */
    int first_rows;
    int second_rows;
    int bounds;
};

struct metrics {
    struct block blocks[METRIC_COUNT];
    size_t slot_bytes;
    size_t shared; /* where the shared memory begins: after the slots */
    size_t bytes;
    uint64_t layout;
    int fd; /* -1: no file, but memory of this process */
    char *memory;
    int own;                  /* number of the worker's slot */
    struct worker_slot *slot; /* the worker's */
    const struct metric_labels *labels;
};

/* ---- layout ---- */

/* Includes the terminating zero, so that "a", "bc" and "ab", "c" differ. */
static uint64_t hash_text(uint64_t so_far, const char *text)
{
    return hash_add(so_far, text, strlen(text) + 1);
}

static uint64_t hash_number(uint64_t so_far, int64_t number)
{
    return hash_add(so_far, &number, sizeof number);
}

static size_t round_up(size_t count, size_t unit)
{
    return (count + unit - 1) / unit * unit;
}

/* Hashes what gives a metric's cells their meaning: everything but the help. */
static uint64_t hash_of(const struct metric_row *row, const struct metric_labels *labels,
                        uint64_t so_far)
{
    so_far = hash_number(hash_text(so_far, row->name), row->type);
    for (int i = 0; i < METRIC_LABELS_MAX && row->labels[i].name; i++) {
        so_far = hash_text(so_far, row->labels[i].name);
        for (int at = 0; at < metric_label_rows(labels, &row->labels[i]); at++)
            so_far = hash_text(so_far, labels->values[row->labels[i].list](at));
    }
    for (int i = 0; i < metric_bounds(row); i++)
        so_far = hash_number(so_far, row->bounds[i]);
    return so_far;
}

static void lay_out(struct metrics *metrics)
{
    size_t cells = 0;
    metrics->layout = hash_number(HASH_BEGIN, METRICS_SHARED_BYTES);
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &metric_table[i];
        struct block *block = &metrics->blocks[i];
        block->offset = cells;
        block->first_rows = metric_label_rows(metrics->labels, &row->labels[0]);
        block->second_rows = metric_label_rows(metrics->labels, &row->labels[1]);
        block->bounds = metric_bounds(row);
        assert(block->bounds < METRICS_BUCKETS_MAX);
        /* A histogram has two more cells: for values above all bounds, and for the sum. */
        block->width = row->type == METRIC_HISTOGRAM ? (size_t)block->bounds + 2 : 1;
        block->stride = round_up(block->width * (size_t)block->second_rows, LINE_CELLS);
        cells += block->stride * (size_t)block->first_rows;
        metrics->layout = hash_of(row, metrics->labels, metrics->layout);
    }
    metrics->slot_bytes =
        round_up(sizeof(struct worker_slot) + cells * sizeof(_Atomic int64_t), PAGE_BYTES);
    metrics->shared = PAGE_BYTES + METRICS_WORKERS_MAX * metrics->slot_bytes;
    metrics->bytes = metrics->shared + METRICS_SHARED_BYTES;
}

static size_t slot_offset(const struct metrics *metrics, int number)
{
    return PAGE_BYTES + (size_t)number * metrics->slot_bytes;
}

static struct worker_slot *slot_at(const struct metrics *metrics, int number)
{
    return (struct worker_slot *)(void *)(metrics->memory + slot_offset(metrics, number));
}

/* ---- the file ---- */

/* A lock on one byte; a worker slot's lock is on its first byte. */
static struct flock lock_of(size_t offset, int type)
{
    return (struct flock){
        .l_type = (short)type, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = 1};
}

static bool has_layout(const struct metrics *metrics, int fd, off_t size)
{
    struct header header;
    return size == (off_t)metrics->bytes && pread(fd, &header, sizeof header, 0) == sizeof header &&
           memcmp(header.magic, magic, sizeof magic) == 0 && header.layout == metrics->layout &&
           header.bytes == metrics->bytes;
}

/* Whether the file is a metrics file of any version, or one whose worker ended before it wrote the
   header. Any other file must not be touched. */
static bool is_replaceable(int fd)
{
    static const char nothing[MAGIC_NAME_BYTES];
    char begin[MAGIC_NAME_BYTES];
    return pread(fd, begin, sizeof begin, 0) == sizeof begin &&
           (memcmp(begin, magic, sizeof begin) == 0 || memcmp(begin, nothing, sizeof begin) == 0);
}

/* Allocates the whole file: if memory ran out later, counting would end the process (SIGBUS). */
static bool make_file(const struct metrics *metrics, int fd)
{
    struct header header = {.layout = metrics->layout, .bytes = metrics->bytes};
    memcpy(header.magic, magic, sizeof magic);
    errno = posix_fallocate(fd, 0, (off_t)metrics->bytes);
    return errno == 0 && pwrite(fd, &header, sizeof header, 0) == sizeof header;
}

/*
 * Opens the file; creates or replaces it if need be. Returns with a lock on its first byte, so that
 * no other worker does the same meanwhile. -1: the log says why not.
 */
static int open_file(const struct metrics *metrics, const char *path)
{
    const char *why = "others replace it";
    for (int try = 0; try < TRIES_MAX; try++) {
        struct flock lock = lock_of(0, F_WRLCK);
        struct stat status;
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (fd < 0 || fstat(fd, &status) != 0) {
            why = strerror(errno);
            if (fd >= 0)
                close(fd);
            break;
        }
        if (!S_ISREG(status.st_mode) || status.st_uid != geteuid()) {
            why = "it is somebody else's, or no file";
            close(fd);
            break;
        }
        if (fcntl(fd, F_OFD_SETLKW, &lock) != 0 || fstat(fd, &status) != 0) {
            why = strerror(errno);
            close(fd);
            break;
        }
        bool is_current = status.st_nlink > 0; /* else it was replaced meanwhile */
        if (is_current && status.st_size > 0 && has_layout(metrics, fd, status.st_size))
            return fd;
        if (is_current && status.st_size == 0) {
            if (make_file(metrics, fd))
                return fd;
            why = strerror(errno);
            unlink(path);
            close(fd);
            break;
        }
        if (is_current && !is_replaceable(fd)) {
            why = "it holds something else, and is left as it is";
            close(fd);
            break;
        }
        if (is_current) {
            log_info("%s: has another layout, and is replaced", path);
            unlink(path);
        }
        close(fd);
    }
    log_warning("%s: %s; this worker counts for itself alone", path, why);
    return -1;
}

/* Takes a worker slot that no live worker has. */
static bool take_slot(struct metrics *metrics)
{
    for (int i = 0; i < METRICS_WORKERS_MAX; i++) {
        struct flock lock = lock_of(slot_offset(metrics, i), F_WRLCK);
        if (fcntl(metrics->fd, F_OFD_SETLK, &lock) == 0) {
            metrics->own = i;
            return true;
        }
    }
    return false;
}

static void *map(size_t bytes, int flags, int fd)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Maps the file and takes a slot in it. False: the log says why not. */
static bool map_file(struct metrics *metrics, const char *path)
{
    metrics->fd = open_file(metrics, path);
    if (metrics->fd < 0)
        return false;
    metrics->memory = map(metrics->bytes, MAP_SHARED, metrics->fd);
    if (metrics->memory && take_slot(metrics)) {
        struct flock lock = lock_of(0, F_UNLCK);
        fcntl(metrics->fd, F_OFD_SETLK, &lock);
        return true;
    }
    log_warning("%s: %s; this worker counts for itself alone", path,
                metrics->memory ? "every worker slot is taken" : strerror(errno));
    if (metrics->memory)
        munmap(metrics->memory, metrics->bytes);
    metrics->memory = NULL;
    close(metrics->fd);
    metrics->fd = -1;
    return false;
}

/* The slot's earlier worker has ended: its gauges no longer hold. */
static void clear_gauges(struct metrics *metrics)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct block *block = &metrics->blocks[i];
        size_t cells = block->stride * (size_t)block->first_rows;
        for (size_t cell = 0; metric_table[i].type == METRIC_GAUGE && cell < cells; cell++)
            atomic_store_explicit(&metrics->slot->cells[block->offset + cell], 0,
                                  memory_order_relaxed);
    }
}

struct metrics *metrics_open(const char *path, const struct metric_labels *labels)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics)
        return NULL;
    metrics->labels = labels;
    lay_out(metrics);
    metrics->fd = -1;
    if (!*path || !map_file(metrics, path))
        metrics->memory = map(metrics->bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!metrics->memory) {
        free(metrics);
        return NULL;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    metrics->slot = slot_at(metrics, metrics->own);
    clear_gauges(metrics);
    atomic_store(&metrics->slot->pid, getpid());
    atomic_store(&metrics->slot->started_us, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    metrics_add(metrics, METRIC_STARTS, 0, 0, 1);
    return metrics;
}

void metrics_close(struct metrics *metrics)
{
    if (!metrics)
        return;
    munmap(metrics->memory, metrics->bytes);
    if (metrics->fd >= 0)
        close(metrics->fd);
    free(metrics);
}

void *metrics_shared(const struct metrics *metrics)
{
    return metrics->memory + metrics->shared;
}

/* ---- counting ---- */

static size_t cell_of(const struct metrics *metrics, enum metric metric, int first, int second)
{
    const struct block *block = &metrics->blocks[metric];
    assert(first >= 0 && first < block->first_rows);
    assert(second >= 0 && second < block->second_rows);
    return block->offset + (size_t)first * block->stride + (size_t)second * block->width;
}

static void add(struct metrics *metrics, size_t cell, int64_t count)
{
    atomic_fetch_add_explicit(&metrics->slot->cells[cell], count, memory_order_relaxed);
}

void metrics_add(struct metrics *metrics, enum metric metric, int first, int second, int64_t count)
{
    add(metrics, cell_of(metrics, metric, first, second), count);
}

void metrics_set(struct metrics *metrics, enum metric metric, int first, int64_t value)
{
    atomic_store_explicit(&metrics->slot->cells[cell_of(metrics, metric, first, 0)], value,
                          memory_order_relaxed);
}

void metrics_observe(struct metrics *metrics, enum metric metric, int first, int64_t value)
{
    const int64_t *bounds = metric_table[metric].bounds;
    int bucket = 0, last = metrics->blocks[metric].bounds;
    while (bucket < last && value > bounds[bucket])
        bucket++;
    size_t cell = cell_of(metrics, metric, first, 0);
    add(metrics, cell + (size_t)bucket, 1);
    add(metrics, cell + (size_t)last + 1, value);
}

/* ---- reading ---- */

const struct metric_labels *metrics_labels(const struct metrics *metrics)
{
    return metrics->labels;
}

static bool is_alive(const struct metrics *metrics, int number)
{
    /* F_OFD_GETLK does not report a lock of the same open file. */
    if (number == metrics->own)
        return true;
    struct flock lock = lock_of(slot_offset(metrics, number), F_WRLCK);
    return metrics->fd >= 0 && fcntl(metrics->fd, F_OFD_GETLK, &lock) == 0 &&
           lock.l_type != F_UNLCK;
}

void metrics_take_census(const struct metrics *metrics, struct metrics_census *census)
{
    census->living = 0;
    for (int i = 0; i < METRICS_WORKERS_MAX; i++) {
        struct metrics_worker *worker = &census->workers[i];
        worker->started_us = atomic_load(&slot_at(metrics, i)->started_us);
        worker->pid = atomic_load(&slot_at(metrics, i)->pid);
        worker->is_used = worker->started_us != 0;
        worker->is_alive = worker->is_used && is_alive(metrics, i);
        census->living += worker->is_alive;
    }
}

static int64_t sum(const struct metrics *metrics, const struct metrics_census *census, size_t cell,
                   bool is_gauge)
{
    int64_t total = 0;
    for (int i = 0; i < METRICS_WORKERS_MAX; i++)
        if (is_gauge ? census->workers[i].is_alive : census->workers[i].is_used)
            total += atomic_load_explicit(&slot_at(metrics, i)->cells[cell], memory_order_relaxed);
    return total;
}

int64_t metrics_sum(const struct metrics *metrics, const struct metrics_census *census,
                    enum metric metric, int first, int second)
{
    return sum(metrics, census, cell_of(metrics, metric, first, second),
               metric_table[metric].type == METRIC_GAUGE);
}

int64_t metrics_worker_sum(const struct metrics *metrics, int worker, enum metric metric)
{
    const struct block *block = &metrics->blocks[metric];
    const struct worker_slot *slot = slot_at(metrics, worker);
    size_t cells = block->stride * (size_t)block->first_rows;
    int64_t sum = 0;
    assert(metric_table[metric].type != METRIC_HISTOGRAM);
    for (size_t cell = 0; cell < cells; cell++)
        sum += atomic_load_explicit(&slot->cells[block->offset + cell], memory_order_relaxed);
    return sum;
}

void metrics_histogram(const struct metrics *metrics, const struct metrics_census *census,
                       enum metric metric, int first, struct metrics_histogram *histogram)
{
    size_t cell = cell_of(metrics, metric, first, 0);
    histogram->bucket_count = metrics->blocks[metric].bounds + 1;
    histogram->count = 0;
    for (int i = 0; i < histogram->bucket_count; i++) {
        histogram->buckets[i] = sum(metrics, census, cell + (size_t)i, false);
        histogram->count += histogram->buckets[i];
    }
    histogram->sum = sum(metrics, census, cell + (size_t)histogram->bucket_count, false);
}
