-- Words of people are content: they are erased when their time is over. Who voted how, when, and what for, stays.
GRANT UPDATE (comment) ON approval.votes TO countersign_approval;
GRANT UPDATE (reason, review) ON approval.glass_broken TO countersign_approval;
