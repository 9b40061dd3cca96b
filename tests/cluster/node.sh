#!/bin/bash
# node.sh - the first process of a node, started in namespaces of its own by keeper.py with the host's files still in
# view. It makes the node's root from a shared, read-only Debian and the node's own disk over it, moves there and starts
# the daemons. On stdout it says "born", then "booted"; between the two it waits for a line: the network is plugged in.
#
# From the environment: NODE, ROOTFS, RUN (the cluster's folder), GPUS, CGROUPS (v1, v2 or empty) and, of v1, CONTROLLERS.
set -euo pipefail
exec 3>&1 1>&2
echo born >&3
mount --make-rprivate /

root=$RUN/$NODE/root etc=$RUN/etc
mkdir -p "$RUN/$NODE"/{root,upper,work}
mount -t overlay overlay -o "lowerdir=$ROOTFS,upperdir=$RUN/$NODE/upper,workdir=$RUN/$NODE/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
case $CGROUPS in
    v2) mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" ;;
    v1)
        mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
        for controller in $CONTROLLERS; do
            mkdir "$root/sys/fs/cgroup/$controller"
            mount -t cgroup -o "$controller" cgroup "$root/sys/fs/cgroup/$controller"
        done
        ;;
esac
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/sshd" "$root/run/munge"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${stream%:*}" "$root/dev/${stream#*:}"; done
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
mknod -m 666 "$root/dev/fuse" c 10 229 # the host's own may be 0600; squashfuse, run by a user, opens it
if [ "$NODE" != login ] && [ "$GPUS" -gt 0 ]; then # pretend GPUs: copies of /dev/null, and who tells of them
    for ((i = 0; i < GPUS; i++)); do mknod -m 666 "$root/dev/nvidia$i" c 1 3; done
    mknod -m 666 "$root/dev/nvidiactl" c 1 3
    install -m 755 "${BASH_SOURCE%/*}/fake_gpu.py" "$root/usr/local/bin/nvidia-smi"
fi

mkdir -p "$root/home"
mount --bind "$RUN/home" "$root/home"
# What of the host's is seen at its own path. The folders above belong to the node: ordinary users may pass them.
while IFS=$'\t' read -r source target; do
    if [ -d "$source" ]; then
        mkdir -p "$root$target"
    elif [ ! -e "$root$target" ]; then
        mkdir -p "$root${target%/*}"
        : >"$root$target"
    fi
    mount --bind "$source" "$root$target"
    mount -o remount,bind,ro "$root$target"
    above=${target%/*}
    while [ -n "$above" ]; do
        chmod a+x "$root$above" 2>/dev/null || true # refused where it is part of a read-only tree
        above=${above%/*}
    done
done <"$RUN/binds"

: >"$root/etc/resolv.conf" # Apptainer refuses to work without one
hostname "$NODE"
echo "$NODE" >"$root/etc/hostname"
cp "$etc/hosts" "$root/etc/hosts"
install -D -m 644 -t "$root/etc/slurm" "$etc"/slurm/*.conf
install -m 644 "$etc/ssh/sshd.conf" "$root/etc/ssh/sshd_config.d/50-cluster.conf"
install -m 644 "$etc/ssh/known_hosts" "$root/etc/ssh/ssh_known_hosts"
install -m 600 "$etc/ssh/$NODE" "$root/etc/ssh/ssh_host_ed25519_key"
install -m 400 "$etc/munge.key" "$root/etc/munge/munge.key"
chroot "$root" chown munge:munge /etc/munge/munge.key /run/munge
chroot "$root" install -d -o slurm -g slurm /var/lib/slurm /var/lib/slurm/ctld /var/lib/slurm/d
chroot "$root" install -m 644 -o slurm -g slurm /dev/null /var/log/slurmctld.log

cat >"$root/run/boot" <<'BOOT'
#!/bin/bash
exec 4>&3 3>&-
setpriv --reuid=munge --regid=munge --clear-groups /usr/sbin/munged # returns when it serves
/usr/sbin/sshd -D -e 2>/var/log/sshd.log 4>&- &
case $1 in
    login) setpriv --reuid=slurm --regid=slurm --init-groups /usr/sbin/slurmctld -D 2>/var/log/slurmctld.err 4>&- & ;;
    *) /usr/sbin/slurmd -D 2>/var/log/slurmd.err 4>&- & ;;
esac
touch /run/booted
echo booted >&4
exec 4>&-
wait
BOOT

# pivot_root, not chroot: the kernel refuses user namespaces, which Apptainer needs, to a process in a chroot.
cd "$root"
mkdir -p .old
pivot_root . .old
cd /
umount -l /.old
rmdir /.old
read -r _
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    /usr/bin/tini -g -- /bin/bash /run/boot "$NODE" </dev/null >/var/log/boot.log 2>&1
