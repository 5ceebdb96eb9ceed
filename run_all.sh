#!/usr/bin/env bash
# The tour: install, search on real networks, look up the truth, print a paper's table with our numbers beside it.
# Fits ten minutes on two cores, installation included; a second run reuses what is done and is quick.
#
#   ./run_all.sh                        the tour
#   ./run_all.sh --full [--scale laptop|paper] [--data DIR]
#                                       every table and figure of the five papers: its plan and estimate first, then
#                                       hours to days; stop it any time, the same command goes on
#   ./run_all.sh --install-only EXTRAS  make or refresh .venv with the extras of setup.cfg, and stop
set -euo pipefail
cd "$(dirname "$0")"

install() {  # install EXTRAS: make .venv, install the project into it; does nothing when nothing has changed
    local extras=$1 stamp=".venv/installed-$1" wanted
    wanted=$(cat setup.cfg pyproject.toml constraints.txt | cksum)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    echo "Installing into .venv (once, about two minutes) …"
    [ -x .venv/bin/python ] || "${PYTHON:-python3}" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$extras]"
    echo "$wanted" > "$stamp"
}

refuse() {  # refuse WORDS: what was typed cannot be, in one line
    echo "run_all.sh: $1" >&2
    exit 2
}

full() {  # full OPTIONS: everything, after its estimate
    local scale=laptop
    while [ $# -gt 0 ]; do
        case "$1 ${2:-}" in
            "--scale laptop"|"--scale paper") scale=$2 ;;
            "--scale "*) refuse "unknown scale '${2:-}'; allowed: laptop, paper" ;;
            "--data "*)
                [ -d "${2:-}" ] || refuse "there is no folder '${2:-}' for --data"
                NASREPRO_DATA=$(cd "$2" && pwd)
                export NASREPRO_DATA ;;
            *) refuse "unknown argument '$1' of --full; allowed: --scale laptop|paper, --data DIR" ;;
        esac
        shift 2
    done
    install analog
    .venv/bin/nasrepro reproduce --scale "$scale" --out reports/site
    echo "Open reports/site/index.html"
}

case "${1:-}" in
    "") ;;
    --install-only) install "${2:-analog}"; exit ;;
    --full) shift; full "$@"; exit ;;
    *) refuse "unknown argument '$1'; allowed: --full, --install-only EXTRAS" ;;
esac

install analog
nasrepro=.venv/bin/nasrepro

echo
echo "1/7  Two weight-sharing searches, random search, evolution and hill climbing on digits"
$nasrepro compare --methods random,random-search,rea,local-search,randomnas,gdas \
    --benchmark nb201-digits --scale laptop --seeds 0-1 --out reports/digits

echo
echo "2/7  Two of these supernets score all 15,625 cells; how well do they rank them?"
$nasrepro rank randomnas,gdas --benchmark nb201-digits --scale laptop --seeds 0 --out reports/digits-ranking

echo
echo "3/7  Searches without weight sharing against a CIFAR-10 truth that needs no download"
$nasrepro compare --methods random,random-search,rea,local-search,reinforce,params \
    --benchmark nb201-cifar10-analog --scale laptop --seeds 0-49 --out reports/cifar10-analog

echo
echo "4/7  E²NAS, Table 1: the printed numbers beside one seed of ours on digits"
$nasrepro reproduce e2nas/table-1 --scale laptop --benchmark nb201-digits --seeds 0 --out reports/e2nas-table-1

echo
echo "5/7  The DARTS space: a search on digits beside luck, their cells trained from scratch"
$nasrepro compare --methods random,randomnas --benchmark darts-digits --scale laptop --seeds 0 \
    --set training.probe_cells=0 --set training.probe_points=1 --out reports/darts-digits

echo
echo "6/7  Recurrent cells: two searches on an invented language beside luck"
$nasrepro compare --methods random,randomnas,enas --benchmark rnn2-grammar --scale laptop --seeds 0 --out reports/rnn2-grammar

echo
echo "7/7  Every table and figure of the five papers, from these runs and from those measured before, labeled so"
$nasrepro site --out reports/site

echo
echo "Open this page first; the others are what was run just now:"
printf '  %s\n' "$PWD"/reports/{site,digits,digits-ranking,cifar10-analog,e2nas-table-1,darts-digits,rnn2-grammar}/index.html
