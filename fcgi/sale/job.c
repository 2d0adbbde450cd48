#include "job.h"

#include "common/check.h"

void job_complete(struct job *job)
{
    void (*decided)(struct job * job) = job->decided;
    if (!CHECK(decided != NULL))
        return;
    job->decided = NULL;
    decided(job);
}
