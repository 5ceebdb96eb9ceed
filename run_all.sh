#!/usr/bin/env bash
# The tour: install, search on real networks, look up the truth, print a paper's table with our numbers beside it.
# Fits ten minutes on two cores, installation included; a second run reuses what is done and is quick.
#
#   ./run_all.sh                        the tour
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

if [ "${1:-}" = "--install-only" ]; then
    install "${2:-analog}"
    exit
elif [ $# -gt 0 ]; then
    echo "run_all.sh: unknown argument '$1'; allowed: --install-only EXTRAS" >&2
    exit 2
fi

install analog
nasrepro=.venv/bin/nasrepro

echo
echo "1/8  Two weight-sharing searches, random search, evolution and hill climbing on digits"
$nasrepro compare --methods random,random-search,rea,local-search,randomnas,gdas \
    --benchmark nb201-digits --scale laptop --seeds 0-1 --out reports/digits

echo
echo "2/8  The same supernets score all 15,625 cells; how well do they rank them?"
$nasrepro rank randomnas,gdas --benchmark nb201-digits --scale laptop --seeds 0-1 --out reports/digits-ranking

echo
echo "3/8  Searches without weight sharing against a CIFAR-10 truth that needs no download"
$nasrepro compare --methods random,random-search,rea,local-search,reinforce,params \
    --benchmark nb201-cifar10-analog --scale laptop --seeds 0-49 --out reports/cifar10-analog

echo
echo "4/8  E²NAS: Table 1 beside one seed of ours on digits and measured ones on CIFAR-10; Table 2 and Figure 1a as measured"
$nasrepro reproduce e2nas/table-1 --scale laptop --benchmark nb201-digits --seeds 0 \
    --published reports/published/e2nas-table-1/records --out reports/e2nas-table-1
for item in table-2 figure-1a; do
    $nasrepro reproduce e2nas/$item --no-run --published reports/published/e2nas-$item/records --out reports/e2nas-$item
done

echo
echo "5/8  NAO, Figure 2: how well its predictor orders cells, and whether its cells get better"
for figure in figure-2a figure-2b; do
    $nasrepro reproduce nao/$figure --scale laptop --benchmark nb201-digits --seeds 0-1 --out reports/nao-$figure
done

echo
echo "6/8  Forgetting and novelty: NSAS, Figures 1, 3 and 4, and EN²AS, Table 3, as measured on digits"
for item in figure-1 figure-3 figure-4; do
    $nasrepro reproduce nsas/$item --no-run --published reports/published/nsas-figure-4/records --out reports/nsas-$item
done
$nasrepro reproduce en2as/table-3 --no-run --published reports/published/en2as-table-3/records --out reports/en2as-table-3

echo
echo "7/8  The DARTS space: two searches on digits whose cells are trained from scratch; tables and figures as measured"
$nasrepro compare --methods random,randomnas,gdas --benchmark darts-digits --scale laptop --seeds 0 \
    --set training.probe_cells=0 --out reports/darts-digits
for item in nsas/table-1 en2as/table-1; do
    $nasrepro reproduce $item --no-run --published reports/published/darts-cifar10/records --out reports/${item/\//-}
done
for item in nsas/figure-3 e2nas/figure-1b; do
    $nasrepro reproduce $item --no-run --published reports/published/darts-digits/records --out reports/darts-digits-${item/\//-}
done

echo
echo "8/8  Recurrent cells: two searches on an invented language beside luck; is search better than random, as measured"
$nasrepro compare --methods random,randomnas,enas --benchmark rnn2-grammar --scale laptop --seeds 0 --out reports/rnn2-grammar
for item in table-3 figure-3 figure-4 figure-8; do
    $nasrepro reproduce evaluating-search/$item --no-run --published reports/published/rnn2-grammar/records --out reports/evaluating-search-$item
done
$nasrepro reproduce evaluating-search/figure-6 --no-run --published reports/published/rnn3-grammar/records --out reports/evaluating-search-figure-6

echo
echo "Open these pages:"
printf '  %s\n' "$PWD"/reports/{digits,digits-ranking,cifar10-analog,e2nas-table-1,e2nas-table-2,e2nas-figure-1a,nao-figure-2a,nao-figure-2b}/index.html
printf '  %s\n' "$PWD"/reports/{nsas-figure-1,nsas-figure-3,nsas-figure-4,en2as-table-3}/index.html
printf '  %s\n' "$PWD"/reports/{darts-digits,nsas-table-1,en2as-table-1,darts-digits-nsas-figure-3,darts-digits-e2nas-figure-1b}/index.html
printf '  %s\n' "$PWD"/reports/{rnn2-grammar,evaluating-search-table-3,evaluating-search-figure-3,evaluating-search-figure-4,evaluating-search-figure-6,evaluating-search-figure-8}/index.html
