#!/bin/bash
# Puts the parts of {{experiment}} together and writes the report.
# Written by `etastar submit`; it runs when no task of the array is left.
#SBATCH --job-name={{name}}-merge
#SBATCH --output={{folder}}/logs/merge.log
#SBATCH --open-mode=append
#SBATCH --requeue
{{options}}

set -e
"{{program}}" status "{{folder}}"
# Refuses as long as a part is not complete: `etastar submit` again measures
# what is missing.
"{{program}}" merge --complete "{{folder}}"/part-*.db --output "{{store}}"
"{{program}}" report "{{store}}" --output "{{report}}"
