# Sourced by the scripts that train a model, after `caller="$PWD"`: leaves the shell in the caller's folder with
# `trainer`, an interpreter that has PyTorch and TensorFlow, and `data`, the folder of the evaluation pictures
# (OSTIARY_EVAL_DATA, else ../shared/data beside the repository). The environment is one for all of them.
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh"

environment="$root/.tools/training"
wanted="$(cat tools/liveness/requirements.txt <(printf '%s\n' "$root") | sha256sum | cut -c 1-64)"
if [ "$(cat "$environment/ready" 2>/dev/null)" != "$wanted" ]; then
    mkdir -p .tools
    exec 8<tools/liveness/requirements.txt
    flock 8 # two trainings started together: the second finds the work done
    if [ "$(cat "$environment/ready" 2>/dev/null)" != "$wanted" ]; then
        say "Setting up .tools/training with PyTorch and TensorFlow (once; some GB)"
        make_venv "$environment" "$root/.venv/bin/python"
        rm -f "$environment/ready"
        pip_install "$environment" --requirement tools/liveness/requirements.txt
        printf '%s\n' "$wanted" >"$environment/ready"
    fi
    exec 8<&-
fi
trainer="$environment/bin/python"
data="${OSTIARY_EVAL_DATA:-$root/../shared/data}"
unset OSTIARY_EVAL_DATA
export TF_CPP_MIN_LOG_LEVEL=3 PYTHONPATH="$root/tools:$root"
cd "$caller"
