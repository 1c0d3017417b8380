#!/usr/bin/perl
# A cable with latency, for kernels that have no netem: what one interface receives the other sends, a while later.
# Arguments: two interfaces, milliseconds per direction.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl;
use Socket qw(SOCK_RAW SOL_SOCKET SO_RCVBUF SO_SNDBUF);
use Time::HiRes qw(time);

my ($left, $right, $delay_ms) = @ARGV;
my ($AF_PACKET, $ETH_P_ALL, $SOL_PACKET, $PACKET_VNET_HDR, $PACKET_IGNORE_OUTGOING, $SIOCGIFINDEX) = (17, 3, 263, 15, 23, 0x8933);

sub plug_in {
	my ($interface) = @_;
	socket(my $end, $AF_PACKET, SOCK_RAW, 0) or die "packet socket: $!\n";
	my $request = pack('a16 x24', $interface);
	ioctl($end, $SIOCGIFINDEX, $request) or die "$interface: $!\n";
	my $index = unpack('x16 i', $request);

	# The kernel hands over unfinished checksums and oversized segments; their headers have to travel with the frames.
	setsockopt($end, $SOL_PACKET, $PACKET_VNET_HDR, pack('i', 1)) or die "frame headers: $!\n";
	setsockopt($end, $SOL_PACKET, $PACKET_IGNORE_OUTGOING, pack('i', 1)) or die "ignore own frames: $!\n";
	setsockopt($end, SOL_SOCKET, SO_RCVBUF, pack('i', 4 << 20));
	setsockopt($end, SOL_SOCKET, SO_SNDBUF, pack('i', 4 << 20));
	bind($end, pack('S n i S C C a8', $AF_PACKET, $ETH_P_ALL, $index, 0, 0, 0, '')) or die "$interface: $!\n";
	fcntl($end, F_SETFL, O_NONBLOCK | fcntl($end, F_GETFL, 0));
	return $end;
}

my @ends = (plug_in($left), plug_in($right));
my @queues = ([], []);    # frames on their way out of each end, with the time they are due
syswrite STDOUT, "plugged in\n";
while (1) {
	my $now = time;
	my $next = $now + 3600;
	for my $i (0, 1) {
		my $queue = $queues[$i];
		syswrite $ends[$i], (shift @$queue)->[1] while @$queue && $queue->[0][0] <= $now;
		$next = $queue->[0][0] if @$queue && $queue->[0][0] < $next;
	}
	my $ready = '';
	vec($ready, fileno($_), 1) = 1 for @ends;
	select($ready, undef, undef, $next - $now) > 0 or next;
	for my $i (0, 1) {
		next unless vec($ready, fileno($ends[$i]), 1);
		while (defined(my $size = sysread $ends[$i], my $frame, 70_000)) {
			last unless $size;
			push @{ $queues[1 - $i] }, [time + $delay_ms / 1000, $frame];
		}
		die "read: $!\n" unless $!{EAGAIN} || $!{EINTR} || $!{ENETDOWN};
	}
}
