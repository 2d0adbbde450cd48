#include "job.h"

#include "common/check.h"

void job_begin(struct job *job, enum job_kind kind, void (*complete)(struct job *job))
{
    *job = (struct job){
        .kind = kind, .decision = {.outcome = OUTCOME_UNAVAILABLE}, .complete = complete};
}

void job_complete(struct job *job)
{
    void (*complete)(struct job * job) = job->complete;
    if (!CHECK(complete != NULL))
        return;
    job->complete = NULL;
    complete(job);
}
