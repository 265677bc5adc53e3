#!/bin/bash
# One task of this array measures one part of {{experiment}}.
# Written by `etastar submit`; change it as you like and hand it in with sbatch.
#SBATCH --job-name={{name}}
#SBATCH --array=1-{{shards}}
#SBATCH --output={{folder}}/logs/part-%a.log
#SBATCH --open-mode=append
#SBATCH --cpus-per-task={{cpus}}
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
{{options}}

echo "$(date --utc +%FT%TZ) part $SLURM_ARRAY_TASK_ID of {{shards}}," \
    "job $SLURM_JOB_ID on $(hostname), start $((${SLURM_RESTART_COUNT:-0} + 1))"

# The program stops at the next training step and keeps every finished trial.
stop() { [ -n "$program" ] && kill -TERM "$program" 2>/dev/null; }
program=
out_of_time=
trap 'out_of_time=yes; stop' USR1 # two minutes before the time limit
trap stop TERM                    # preempted, requeued or cancelled

{{command}} --shard "$SLURM_ARRAY_TASK_ID/{{shards}}" \
    --output "{{folder}}/part-$SLURM_ARRAY_TASK_ID.db" &
program=$!
wait "$program"
code=$?
# A signal ends the waiting before the program has ended.
while kill -0 "$program" 2>/dev/null; do
    wait "$program"
    code=$?
done
echo "$(date --utc +%FT%TZ) ended with exit code $code"

# The same part goes on where it stopped: when the time was too short, and a
# few times when somebody killed the program.
killed=$((code > 128 && code != 130))
if [ -n "$out_of_time" ] || [ "$killed" = 1 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt {{restarts}} ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
