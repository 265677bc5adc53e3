#!/bin/bash
# One task of this array measures one part of {{experiment}}.
# Written by `etastar submit`; change it as you like and hand it in with sbatch.
#SBATCH --job-name={{name}}
#SBATCH --array=1-{{shards}}{{limit}}
#SBATCH --ntasks=1
#SBATCH --output={{folder}}/logs/part-%a.log
#SBATCH --open-mode=append
#SBATCH --cpus-per-task={{cpus}}
#SBATCH --requeue
#SBATCH --signal=B:USR1@{{lead}}
{{options}}

echo "$(date --utc +%FT%TZ) part $SLURM_ARRAY_TASK_ID of {{shards}}," \
    "job $SLURM_JOB_ID on $(hostname), start $((${SLURM_RESTART_COUNT:-0} + 1))"

# The program stops at the next training step and keeps every finished trial.
stop() { [ -n "$program" ] && kill -TERM "$program" 2>/dev/null; }
program=
out_of_time=
trap 'out_of_time=yes; stop' USR1 # {{lead}} seconds before the time limit
trap stop TERM                    # preempted, requeued or cancelled

store="{{folder}}/part-$SLURM_ARRAY_TASK_ID.db"
# How many starts in a row have finished nothing; also says when this one began.
idle_starts="{{folder}}/logs/part-$SLURM_ARRAY_TASK_ID.idle"
idle=$(cat "$idle_starts" 2>/dev/null)
echo "${idle:-0}" >"$idle_starts"

{{command}} --shard "$SLURM_ARRAY_TASK_ID/{{shards}}" \
    --output "$store" &
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
again=
[ -n "$out_of_time" ] && [ "${SLURM_RESTART_COUNT:-0}" -lt {{restarts-in-time}} ] && again=yes
killed=$((code > 128 && code != 130))
[ "$killed" = 1 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt {{restarts}} ] && again=yes

# But not when it gets nowhere.
finished=
if ! [ "$idle_starts" -nt "$store.status.json" ]; then
    finished=$(sed -n 's/.*"finished": \([0-9]*\).*/\1/p' "$store.status.json")
fi
if [ "${finished:-0}" -gt 0 ]; then idle=0; else idle=$((${idle:-0} + 1)); fi
echo "$idle" >"$idle_starts"
if [ -n "$again" ] && [ "$idle" -ge 2 ]; then
    echo "two starts in a row have finished nothing: the part is not started again;" \
        "give more time or memory and submit again"
    again=
    echo 0 >"$idle_starts"
fi
[ -n "$again" ] && scontrol requeue "$SLURM_JOB_ID"
exit "$code"
